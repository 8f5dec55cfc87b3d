import type { PluginExchange } from '../api.ts';

/** Of the proxy's writing, or of that of the proxies before it; a client's own word on them counts for nothing. In lower case. */
export const FORWARDING_FIELDS: ReadonlySet<string> = new Set([
  'forwarded',
  'via',
  'x-client-cert-fingerprint',
  'x-client-cert-subject',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-request-id',
]);

/** What a plugin's own request says of the client on whose behalf it is made, as the backend of the exchange hears it. */
export function forwardingFields({
  clientAddress,
  connection,
  id,
  request,
}: PluginExchange): Record<string, string> {
  // Only the word of a trusted proxy makes these two differ: what it says of the client holds.
  const isTrusted = clientAddress !== connection.address;
  const said = (name: string): string | null => (isTrusted ? request.headers.get(name) : null);
  const before = said('x-forwarded-for');
  const host = said('x-forwarded-host') ?? request.host;
  const port = said('x-forwarded-port') ?? (connection.localPort === 0 ? '' : String(connection.localPort));
  // A peer on a Unix socket has no address.
  const own = connection.address === 'unknown' ? '' : connection.address;
  const chain = [before ?? '', own].filter((each) => each !== '').join(', ');
  const fields = {
    'X-Forwarded-For': chain,
    'X-Forwarded-Proto': said('x-forwarded-proto') ?? request.scheme,
    'X-Forwarded-Host': host,
    'X-Forwarded-Port': port,
    'X-Request-Id': id,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''));
}
