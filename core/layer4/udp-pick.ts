import { ProxyError } from '../shared/errors.ts';
import type { AddressBackend } from '../upstreams/backend.ts';
import type { Upstream } from '../upstreams/upstream.ts';
import type { UdpSession } from './udp-session.ts';

/**
 * A backend for a session, of those that it has not tried: of the upstream where it was placed, or of one that stands in for
 * that. Takes note of which.
 */
export function pickBackend(session: UdpSession): AddressBackend | ProxyError {
  const { upstreams } = session.service;
  // Of the snapshot that is served now.
  let upstream = upstreams.get(session.placedAt?.name ?? '') ?? session.placedAt;
  let error: ProxyError | null = null;
  while (upstream !== null) {
    session.upstream = upstream;
    const backend = pickFrom(session, upstream);
    if (backend !== undefined) return backend;
    error ??= whyNone(upstream);
    const { fallback } = upstream.config;
    const next: Upstream | undefined = fallback === null ? undefined : upstreams.get(fallback);
    if (next === undefined) return error;
    upstream.budget.fallbacks += 1;
    upstream = next;
  }
  return new ProxyError('no-route', 'client', 'the session has no upstream');
}

/** By its client, or as the scheduler has it. */
function pickFrom(session: UdpSession, upstream: Upstream): AddressBackend | undefined {
  const { service, client, tried } = session;
  const { sticky, consistent } = service.config;
  session.pickedBy = 'scheduler';
  if (!sticky) return upstream.pick(tried, session);
  // The other kinds go by cookies.
  if (upstream.sticky?.type === 'source' && tried.length === 0) {
    const own = upstream.sticky.pick(client.address);
    if (own !== undefined) {
      session.pickedBy = 'session';
      return own;
    }
  }
  return consistent
    ? upstream.pickByClient(`${client.address} ${client.port}`, tried, session)
    : upstream.pick(tried, session);
}

function whyNone(upstream: Upstream): ProxyError {
  return upstream.candidates().length > 0 && !upstream.hasRoom()
    ? new ProxyError('backend-connections-exhausted', 'proxy', `${upstream.name} has no place free`)
    : new ProxyError('no-backend', 'proxy', upstream.whyNone());
}

/** For a session whose backend is gone: one that was not tried, else all of them once more. */
export function pickAgain(session: UdpSession): AddressBackend | ProxyError {
  const picked = pickBackend(session);
  if (!(picked instanceof ProxyError) || session.tried.length === 0) return picked;
  session.tried.length = 0;
  return pickBackend(session);
}

/** The key of the session of a client's datagrams at one backend, where each of them is scheduled by itself. */
export function ownWay({ key }: UdpSession, { settings, addressText }: AddressBackend): string {
  return `${key} ${settings.name} ${addressText}`;
}

/** Where all places are taken: a backend at which the client has one, for there is its session in the table. */
export function wayThrough(
  session: UdpSession,
  table: { find(key: string): unknown },
): AddressBackend | undefined {
  if (session.service.config.sticky) return undefined;
  const candidates = session.placedAt?.backends.filter(({ takesRequests }) => takesRequests) ?? [];
  return candidates.find((backend) => table.find(ownWay(session, backend)) !== undefined);
}
