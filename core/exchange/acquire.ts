import { proxyHeader } from '../forward/proxy-header.ts';
import { ProxyError } from '../shared/errors.ts';
import type { AddressBackend } from '../upstreams/backend.ts';
import type { Exchange } from './exchange.ts';
import type { BackendStream } from './streams.ts';

/** A connection to the backend, or a stream of one, for one attempt. `fresh`: no idle one. */
export function acquireConnection(
  exchange: Exchange,
  backend: AddressBackend,
  fresh: boolean,
): BackendStream | ProxyError {
  const upgrade = exchange.request.upgrade !== null;
  // Those of its own upstream, which may stand in another one.
  const { settings } = backend;
  const { proxyProtocol } = settings;
  const connection = exchange.service.pools.acquire(backend, settings, {
    // A handshake that fails half-way must not meet a connection that the backend is about to close.
    fresh: fresh || upgrade,
    upgrade,
    preface:
      proxyProtocol === null ? null : proxyHeader(proxyProtocol, exchange.peer, exchange.clientAddress),
  });
  if (connection !== null) return connection;
  const message = `${backend.addressText} has all its connections in use`;
  return new ProxyError('backend-connections-exhausted', 'proxy', message);
}
