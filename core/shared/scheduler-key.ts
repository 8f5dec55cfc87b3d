/** Where the key of a request is found, for schedulers that send what has the same key to the same backend. */
export type SchedulerKey =
  | { readonly kind: 'source' | 'uri' | 'path' | 'rule' }
  /** `name`: of a header in lower case, otherwise as written. */
  | { readonly kind: 'query' | 'header' | 'cookie'; readonly name: string }
  /** In the first packet of a Remote Desktop connection. */
  | { readonly kind: 'rdp-cookie'; readonly name: string };

/** Undefined for anything else than the texts that a config may hold: `source`, `header(x-user)`. */
export function parseSchedulerKey(text: string): SchedulerKey | undefined {
  if (text === 'source' || text === 'uri' || text === 'path' || text === 'rule') return { kind: text };
  // RFC 9110 5.6.2, for names of headers and cookies; parameters of a query may have others, but not percent-encoded ones
  const match = /^(query|header|cookie|rdp-cookie)\(([!#$%&'*+\-.^_`|~0-9A-Za-z[\]]+)\)$/.exec(text);
  const [, kind, name = ''] = match ?? [];
  switch (kind) {
    case 'header':
      return { kind, name: name.toLowerCase() };
    case 'query':
      // Separates parameters
      return name.includes('&') ? undefined : { kind, name };
    case 'cookie':
    case 'rdp-cookie':
      return { kind, name };
    default:
      return undefined;
  }
}
