import { onTestFinished } from 'vitest';
import { resolveConfig } from '../../../core/config/resolve.ts';
import { configSchema } from '../../../core/config/schema.ts';
import type { ProbeResult } from '../../../core/primary/health/probe.ts';
import { startProbe } from '../../../core/primary/health/probes.ts';
import { wantedChecks } from '../../../core/primary/health/targets.ts';

/** Makes one check, as a config with this `healthCheck` would, of a backend at `address`. `upstream`: further keys of it; `texts`: of the files it names. */
export async function probe(
  address: string,
  healthCheck: object,
  upstream: object = {},
  texts: Readonly<Record<string, string>> = {},
): Promise<ProbeResult> {
  const content = configSchema.parse({
    listeners: [{ name: 'web', address: ':80', upstream: 'site' }],
    upstreams: { site: { backends: [{ address }], healthCheck, ...upstream } },
  });
  const { upstreams } = resolveConfig(content, '/etc/t/c.yaml', new Map(Object.entries(texts)));
  const [wanted] = wantedChecks(upstreams, () => []).values();
  if (wanted === undefined) throw new Error('no check');
  const { target } = wanted;
  return new Promise((resolve) => {
    const running = startProbe(
      target,
      (result) => {
        clearTimeout(timer);
        resolve(result);
      },
      null,
    );
    const timer = setTimeout(() => resolve(running.timeOut()), target.check.timeoutMs);
    onTestFinished(() => clearTimeout(timer));
  });
}
