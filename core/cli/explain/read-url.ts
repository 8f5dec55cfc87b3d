/** A URL taken apart without being normalised, since what a client sends is not normalised either. */
export interface ExplainedUrl {
  readonly scheme: string;
  /** As a Host field has it: with the port if one was written. */
  readonly authority: string;
  readonly hostname: string;
  readonly port: number;
  /** Path and query as written; `/` for none. The fragment stays with the client. */
  readonly target: string;
}

const urlShape = /^(https?):\/\/((\[[^\]/?#]*\]|[^:/?#[\]]+)(?::(\d{1,5}))?)([/?][^#]*)?(?:#.*)?$/i;

/** @returns null for what is no absolute http or https URL */
export function readUrl(text: string): ExplainedUrl | null {
  const match = urlShape.exec(text);
  if (match === null) return null;
  const [, scheme = '', authority = '', hostname = '', port, rest = '/'] = match;
  const lowerScheme = scheme.toLowerCase();
  return {
    scheme: lowerScheme,
    authority,
    hostname: hostname.toLowerCase(),
    port: port === undefined ? (lowerScheme === 'https' ? 443 : 80) : Number(port),
    target: rest.startsWith('/') ? rest : `/${rest}`,
  };
}
