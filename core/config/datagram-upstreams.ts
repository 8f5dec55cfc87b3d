import type { ConfigFile } from './schema.ts';

/**
 * The upstreams to which datagrams go and nothing else, as far as the config tells: those of UDP listeners, and the ones within them, without those
 * of any other listener. A backend of theirs need not listen on TCP.
 */
export function datagramUpstreams({ listeners, upstreams }: ConfigFile): ReadonlySet<string> {
  const reached = (protocol: 'udp' | 'other'): Set<string> => {
    const names = new Set(
      listeners
        .filter((listener) => (listener.protocol === 'udp') === (protocol === 'udp'))
        .flatMap((listener) => [
          listener.upstream ?? [],
          'routes' in listener ? listener.routes.map((route) => route.upstream) : [],
        ])
        .flat(),
    );
    // Grows while it is gone through.
    for (const name of names)
      for (const { upstream } of upstreams[name]?.backends ?? [])
        if (upstream !== undefined) names.add(upstream);
    return names;
  };
  return reached('udp').difference(reached('other'));
}
