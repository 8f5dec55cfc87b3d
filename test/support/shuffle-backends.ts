import { expect } from 'vitest';

import { requestBackendChange } from '../../core/admin/client.ts';
import type { BackendChangeInput } from '../../core/admin/backend-change.ts';
import type { LoadResult } from './load.ts';

/** `count` changes of every kind, one after the other, which always leave one backend of the upstream `site`. */
export async function shuffleBackends(
  configFile: string,
  [a = '', b = '', c = '', extra = '']: readonly string[],
  count: number,
  between: () => Promise<unknown>,
): Promise<void> {
  const turns: BackendChangeInput[] = [
    { action: 'drain', upstream: 'site', backend: a },
    { action: 'add', upstream: 'site', backend: extra, weight: 2 },
    { action: 'weight', upstream: 'site', backend: b, weight: 7 },
    { action: 'maintenance', upstream: 'site', backend: c },
    { action: 'ready', upstream: 'site', backend: a },
    { action: 'remove', upstream: 'site', backend: b },
    { action: 'weight', upstream: 'site', backend: extra, weight: 0 },
    { action: 'ready', upstream: 'site', backend: c },
    { action: 'add', upstream: 'site', backend: b },
    { action: 'remove', upstream: 'site', backend: extra },
    { action: 'weight', upstream: 'site', backend: b, weight: 1 },
  ];
  for (let turn = 0; turn < count; turn++) {
    const change = turns[turn % turns.length];
    if (change === undefined) throw new Error('unreachable');
    const report = await requestBackendChange(configFile, change);
    expect(report).toMatchObject({ ok: true, workers: { asked: 2, answered: 2 }, warnings: [] });
    await between();
  }
}

export function expectNoFailure({ failures, answered }: LoadResult): void {
  expect(failures).toEqual([]);
  expect(answered).toBeGreaterThan(100);
}
