import { ProxyError } from '../shared/errors.ts';
import type { Exchange } from './exchange.ts';

/**
 * Takes one of the listener's WebSockets for an exchange that is to become one, until `leaveWebSocketPlace`.
 * A handshake counts already: many at once must not pass the limit together.
 */
export function takeWebSocketPlace(exchange: Exchange): ProxyError | null {
  if (exchange.request.upgrade === null) return null;
  const { counters, maxWebSockets } = exchange.service;
  if (counters.webSockets >= maxWebSockets)
    return new ProxyError('websocket-limit', 'proxy', 'the listener has all its WebSockets in use');
  counters.webSockets += 1;
  exchange.hasWebSocketPlace = true;
  return null;
}

export function leaveWebSocketPlace(exchange: Exchange): void {
  if (exchange.hasWebSocketPlace) exchange.service.counters.webSockets -= 1;
}
