import { expect } from 'vitest';
import type { BackendChangeInput } from '../../../core/admin/backend-change.ts';
import { requestBackendChange } from '../../../core/admin/client.ts';
import { startNamedBackend, type NamedBackend } from '../../support/named-backends.ts';
import { runTidegate, type TidegateProcess } from '../../support/tidegate-process.ts';

export interface Running {
  readonly tidegate: TidegateProcess;
  readonly url: string;
  readonly backends: readonly NamedBackend[];
}

/** A config with one upstream `site` whose backends are these rows, in YAML. */
export function siteConfig(rows: readonly string[], more = ''): string {
  return `listeners: [{ name: web, address: '127.0.0.1:0', upstream: site }]
upstreams:
  site: { scheduler: weighted-round-robin, backends: [${rows.join(', ')}] }
${more}
workers: 2
`;
}

/** Two workers, and an upstream `site` with a row for each of `rows`, which get the addresses of backends. */
export async function runWithBackends(
  rows: readonly ((address: string) => string)[],
  spare = 0,
): Promise<Running> {
  const backends = await Promise.all(Array.from({ length: rows.length + spare }, startNamedBackend));
  const written = rows.map((row, index) => row(backends[index]?.address ?? ''));
  const tidegate = await runTidegate({
    files: { 'tidegate.config.yaml': siteConfig(written) },
    workers: 'real',
  });
  return { tidegate, url: await tidegate.url(), backends };
}

/** A row that says nothing but the address. */
export function plain(address: string): string {
  return `{ address: '${address}' }`;
}

/** What `tidegate backends …` does, without a process for it; both workers have answered. */
export async function change(
  { tidegate }: Pick<Running, 'tidegate'>,
  wanted: BackendChangeInput,
): Promise<void> {
  expect(await requestBackendChange(tidegate.configFile, wanted)).toMatchObject({
    ok: true,
    workers: { asked: 2, answered: 2 },
  });
}
