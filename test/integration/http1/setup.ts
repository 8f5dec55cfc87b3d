import { expect, onTestFinished } from 'vitest';
import { startDataPath, type DataPath } from '../../support/data-path.ts';
import { poll } from '../../support/poll.ts';

/** A proxy until the test has finished; then nothing of any exchange may be left behind, whatever the test did to it. */
export async function startProxy(...[options]: Parameters<typeof startDataPath>): Promise<DataPath> {
  const proxy = await startDataPath(options);
  onTestFinished(async () => {
    await proxy.close();
    await expectAtRest(proxy);
  });
  return proxy;
}

/** No exchange under way, no connection in use: every counter that went up has come down. */
export async function expectAtRest(proxy: DataPath): Promise<void> {
  const { counters } = proxy.service;
  const runtimes = [...proxy.upstreams.values()].flatMap(({ backends }) =>
    backends.map(({ runtime }) => runtime),
  );
  const counts = (): Record<string, number> => ({
    connections: counters.connections,
    inFlight: counters.inFlight,
    backendInFlight: runtimes.reduce((sum, runtime) => sum + runtime.inFlight, 0),
    backendConnectionsInUse: runtimes.reduce((sum, runtime) => sum + proxy.pools.count(runtime).active, 0),
  });
  const zero = { connections: 0, inFlight: 0, backendInFlight: 0, backendConnectionsInUse: 0 };
  await poll(() => Object.values(counts()).every((count) => count === 0)).catch(() =>
    expect(counts()).toEqual(zero),
  );
  expect(proxy.entries.length).toBeGreaterThanOrEqual(counters.requests);
  expect(proxy.entries.length).toBeLessThanOrEqual(counters.requests + counters.refused);
}

/** `upstreams` for one upstream `site` with these backends and settings. */
export function site(
  ports: readonly number[],
  settings: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return { site: { ...settings, backends: ports.map((port) => ({ address: `127.0.0.1:${port}` })) } };
}

/** Exchanges under way at all backends. */
export function inFlight(proxy: DataPath): number {
  return [...proxy.upstreams.values()]
    .flatMap(({ backends }) => backends)
    .reduce((sum, { runtime }) => sum + runtime.inFlight, 0);
}

/** Waits until this many exchanges have ended and returns the last one's log entry. */
export async function entry(proxy: DataPath, count = 1): Promise<DataPath['entries'][number]> {
  const found = await poll(() => (proxy.entries.length >= count ? proxy.entries[count - 1] : null));
  expect(proxy.entries).toHaveLength(count);
  return found;
}
