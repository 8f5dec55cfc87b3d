import { createHash } from 'node:crypto';
import type { RequestHead, ResponseHead } from '../exchange/streams.ts';
import { ProxyError } from '../shared/errors.ts';

/**
 * Whether a 101 accepts the WebSocket handshake of `request`: the right protocol, and the
 * hash that only somebody who read its key could make (RFC 6455 4.2.2).
 * @param protocol that the 101 names
 * @returns null, or 'upgrade-malformed'
 */
export function checkSwitch(
  request: RequestHead,
  answer: ResponseHead,
  protocol: string | null,
): ProxyError | null {
  if (request.upgrade === null) return malformedUpgrade('sent 101 although no upgrade was asked for');
  if (protocol !== 'websocket')
    return malformedUpgrade(`switched to ${JSON.stringify(protocol)}, not to websocket`);
  const key = request.headers.get('sec-websocket-key') ?? '';
  const expected = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  if (answer.headers.get('sec-websocket-accept') === expected) return null;
  return malformedUpgrade('sent a wrong Sec-WebSocket-Accept');
}

function malformedUpgrade(what: string): ProxyError {
  return new ProxyError('upgrade-malformed', 'backend', `the backend ${what}`);
}
