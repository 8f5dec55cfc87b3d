import { hash } from 'node:crypto';
import { z } from 'zod';
import { networkOf, type PluginExchange } from '../api.ts';
import { cookieOf } from './cookies.ts';
import { addresses, fieldName, integer, list, wants } from './fields.ts';
import { hostnameOf } from './templates.ts';

/** What a limit counts by. */
type KeyPart =
  | { readonly kind: 'address' | 'host' | 'method' | 'path' }
  | { readonly kind: 'header' | 'cookie'; readonly name: string };

const EXPECTED = 'one of "address", "host", "method", "path", "header:NAME", "cookie:NAME"';

const keyPart = z.string({ error: wants(EXPECTED) }).transform((input, context): KeyPart => {
  if (input === 'address' || input === 'host' || input === 'method' || input === 'path')
    return { kind: input };
  const [kind = '', name = ''] = input.split(/:(.*)/s, 2);
  if (kind === 'header' && fieldName().safeParse(name).success) return { kind, name: name.toLowerCase() };
  if (kind === 'cookie' && name !== '') return { kind, name };
  context.addIssue({ code: 'custom', message: wants(EXPECTED)({ input }) });
  return z.NEVER;
});

const keyField = z.union(
  [z.literal('everyone').transform(() => []), keyPart.transform((part) => [part]), list(keyPart)],
  { error: wants(`"everyone", ${EXPECTED}, or a list of these`) },
);

/** The options that say whose requests are counted together. */
export const keyOptions = {
  key: keyField.default([{ kind: 'address' }]),
  ipv4Prefix: integer(1, 32).default(32),
  ipv6Prefix: integer(1, 128).default(64),
  exempt: addresses().optional(),
};

/** The same, where all are counted together unless said otherwise. */
export const keyOptionsForEveryone = { ...keyOptions, key: keyField.default([]) };

export interface KeySettings {
  readonly key: readonly KeyPart[];
  readonly ipv4Prefix: number;
  readonly ipv6Prefix: number;
}

/** Printable, so that as JSON it is at most twice as long. */
const SHORT = /^[!-~]{1,64}$/;

/**
 * The key of a request: at most 64 characters, whatever was sent; a longer one is its hash.
 * A request that lacks the header or cookie that counts is counted by its client's address, so that leaving it out gains nothing.
 */
export function requestKey({
  key,
  ipv4Prefix,
  ipv6Prefix,
}: KeySettings): (exchange: PluginExchange) => string {
  const address = (exchange: PluginExchange): string =>
    networkOf(exchange.clientAddress, ipv4Prefix, ipv6Prefix);
  const [only] = key;
  if (only === undefined) return () => '*';
  if (key.length === 1 && only.kind === 'address') return address;
  return (exchange) => {
    const text = key.map((part) => partOf(part, exchange) ?? `-${address(exchange)}`).join('|');
    return SHORT.test(text) ? text : hash('sha256', text, 'base64url');
  };
}

/** The same for a connection over which no requests come. */
export function connectionKey({ key, ipv4Prefix, ipv6Prefix }: KeySettings): (address: string) => string {
  return key.length === 0 ? () => '*' : (address) => networkOf(address, ipv4Prefix, ipv6Prefix);
}

/** null: the request has none. Begins with `=`, which sets it apart from what stands in for it. */
function partOf(part: KeyPart, exchange: PluginExchange): string | null {
  const { request } = exchange;
  switch (part.kind) {
    case 'address':
      return null;
    case 'host':
      // Without the port, which the client makes up: each would be a limit of its own.
      return `=${hostnameOf(request.host)}`;
    case 'method':
      return `=${request.method}`;
    case 'path':
      return `=${request.path}`;
    case 'header':
      return quoted(request.headers.get(part.name));
    case 'cookie':
      return quoted(cookieOf(request.headers, part.name));
  }
}

function quoted(value: string | null): string | null {
  return value === null ? null : `=${JSON.stringify(value)}`;
}
