import { LONGEST_DURATION_MS } from '../core/shared/duration.ts';
import type { ConnectDecision, RuleConnection } from '../core/shared/rule-script.ts';
import { decode, keyOf, priorityOf, text, type Decoded } from './bridge.ts';

/** A connection crosses as one string, of parts that cannot hold a NUL, and its bytes where there are any: see `runtime/connection.ts` for the other side. */
export function encodeConnection(connection: RuleConnection): string[] {
  const { listener, protocol, clientAddress, clientPort, localAddress, localPort, tls, bytes } = connection;
  const known = [listener, protocol, clientAddress, clientPort, localAddress, localPort, tls].join('\0');
  return bytes === null ? [known] : [known, bytes];
}

/** `connection`: what the script was asked about. */
export function decodeConnectResult(result: unknown, connection: RuleConnection): Decoded<ConnectDecision> {
  if (result === 0) return { ok: true, value: { kind: 'next' }, id: 0 };
  return decode<ConnectDecision>(result, (kind, _id, items) => {
    switch (kind) {
      case 'forward':
        return {
          kind,
          upstream: text(items[0], 'the upstream'),
          ...keyOf(items[1]),
          ...priorityOf(items[2]),
        };
      case 'inspect':
        return { kind, ...inspectionOf(items[0], items[1], connection) };
      case 'deny':
        return { kind };
      default:
        throw new TypeError('the script returned no decision about a connection');
    }
  });
}

function inspectionOf(
  bytes: unknown,
  timeoutMs: unknown,
  { protocol, bytes: shown }: RuleConnection,
): { readonly bytes: number; readonly timeoutMs: number | null } {
  if (!isWhole(bytes) || protocol === 'udp' || bytes <= (shown?.length ?? 0))
    throw new TypeError('the script asks for no bytes that could come');
  if (timeoutMs !== null && (!isWhole(timeoutMs) || timeoutMs > LONGEST_DURATION_MS))
    throw new TypeError('the script asks for no time that could be waited');
  return { bytes, timeoutMs };
}

function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
}
