import { onTestFinished } from 'vitest';
import { resolveConfig } from '../../../core/config/resolve.ts';
import { configSchema } from '../../../core/config/schema.ts';
import { KeptConnections } from '../../../core/primary/health/kept-connections.ts';
import type { CheckTarget, ProbeResult } from '../../../core/primary/health/probe.ts';
import { startProbe } from '../../../core/primary/health/probes.ts';
import { wantedChecks } from '../../../core/primary/health/targets.ts';

/** What a config with this `healthCheck` has checked of a backend at `address`. `upstream`: further keys of it; `texts`: of the files it names. */
export function targetOf(
  address: string,
  healthCheck: object,
  upstream: object = {},
  texts: Readonly<Record<string, string>> = {},
): CheckTarget {
  const content = configSchema.parse({
    listeners: [{ name: 'web', address: ':80', upstream: 'site' }],
    upstreams: { site: { backends: [{ address }], healthCheck, ...upstream } },
  });
  const { upstreams } = resolveConfig(content, '/etc/t/c.yaml', new Map(Object.entries(texts)));
  const [wanted] = wantedChecks(upstreams, () => []).values();
  if (wanted === undefined) throw new Error('no check');
  return wanted.target;
}

/** → makes a check of the target, each time it is called. */
export function prober(...how: Parameters<typeof targetOf>): () => Promise<ProbeResult> {
  return proberOf(targetOf(...how));
}

/** `most`: at a time. All of them serve as many checks as there may be. */
export function keptConnections(most = 100): KeptConnections {
  return new KeptConnections(most, () => 0);
}

/** The same. `connections`: where it keeps those that the next check may use. */
export function proberOf(target: CheckTarget, connections = keptConnections()): () => Promise<ProbeResult> {
  onTestFinished(() => connections.close());
  return () =>
    new Promise((resolve) => {
      const running = startProbe(
        target,
        (result) => {
          clearTimeout(timer);
          resolve(result);
        },
        { identity: null, connections },
      );
      const timer = setTimeout(() => resolve(running.timeOut()), target.check.timeoutMs);
      onTestFinished(() => clearTimeout(timer));
    });
}

/** Makes one check. */
export function probe(...how: Parameters<typeof targetOf>): Promise<ProbeResult> {
  return prober(...how)();
}
