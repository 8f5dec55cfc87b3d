import { expect, test } from 'vitest';
import { backendChange } from '../../../core/admin/backend-change.ts';
import { resolveConfig } from '../../../core/config/resolve.ts';
import { configSchema } from '../../../core/config/schema.ts';
import { RuntimeBackends } from '../../../core/primary/runtime-backends.ts';
import { recordingLog } from '../../support/recording-log.ts';

async function warningsOf(scheduler: string, change: object): Promise<readonly string[]> {
  const upstreams = {
    site: { scheduler, backends: [{ address: '10.0.0.1:80' }, { address: '10.0.0.2:80' }] },
  };
  const listeners = [{ name: 'web', address: ':8080', upstream: 'site' }];
  const config = resolveConfig(configSchema.parse({ listeners, upstreams }), '/t/c.yaml', new Map());
  const backends = new RuntimeBackends({
    log: recordingLog().log,
    config: () => config,
    tellWorkers: () => Promise.resolve({ asked: 1, answered: 1 }),
    addressesOf: () => [],
    onRows: () => Promise.resolve(),
  });
  const { ok, warnings } = await backends.change(backendChange.parse({ upstream: 'site', ...change }));
  expect(ok).toBe(true);
  return warnings;
}

const weight = (value: number) => ({ action: 'weight', backend: '10.0.0.1:80', weight: value });

test('a command that sets a weight says so where the scheduler goes by none', async () => {
  const warning = ['site has the scheduler round-robin, which goes by no weights but 0'];
  expect(await warningsOf('round-robin', weight(5))).toEqual(warning);
  expect(await warningsOf('round-robin', { action: 'add', backend: '10.0.0.3:80', weight: 2 })).toEqual(
    warning,
  );
  expect(await warningsOf('round-robin', { action: 'add', backend: '10.0.0.3:80' })).toEqual([]);
  expect(await warningsOf('round-robin', weight(0))).toEqual([]);
  expect(await warningsOf('round-robin', weight(1))).toEqual([]);
  expect(await warningsOf('weighted', weight(5))).toEqual([]);
});
