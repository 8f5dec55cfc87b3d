import { ProxyError } from '../shared/errors.ts';
import type { AddressBackend } from '../upstreams/backend.ts';
import type { Upstream } from '../upstreams/upstream.ts';
import type { UdpSession } from './udp-session.ts';

/** A backend of the upstream for a session, of those that it has not tried: by its client, or as the scheduler has it. */
export function pickBackend(session: UdpSession, upstream: Upstream): AddressBackend | ProxyError {
  const { service, client, tried } = session;
  const { sticky, consistent } = service.config;
  const picked =
    sticky && consistent
      ? upstream.pickByClient(`${client.address} ${client.port}`, tried, session)
      : upstream.pick(tried, session);
  if (picked !== undefined) return picked;
  return upstream.candidates().length > 0 && !upstream.hasRoom()
    ? new ProxyError('backend-connections-exhausted', 'proxy', `${upstream.name} has no place free`)
    : new ProxyError('no-backend', 'proxy', upstream.whyNone());
}

/** For a session whose backend is gone: one that was not tried, else all of them once more. */
export function pickAgain(session: UdpSession): AddressBackend | ProxyError {
  if (session.upstream === null) return new ProxyError('no-route', 'client', 'the session has no upstream');
  // Of the snapshot that is served now.
  session.upstream = session.service.upstreams.get(session.upstream.name) ?? session.upstream;
  const picked = pickBackend(session, session.upstream);
  if (!(picked instanceof ProxyError) || session.tried.length === 0) return picked;
  session.tried.length = 0;
  return pickBackend(session, session.upstream);
}
