import { expect, test } from 'vitest';

import { pluginsReport } from '../../../core/admin/plugins-report.ts';
import { webConfig } from '../../support/configs.ts';
import { teller, told } from '../../support/teller-plugin.ts';
import { sharedTidegate } from '../../support/tidegate-process.ts';

const shared = sharedTidegate({
  files: {
    'tidegate.config.yaml': webConfig({ plugins: ['./teller.ts', 'hello-world'] }),
    'teller.ts': teller('one', {
      hooks: `log() { throw new Error('cannot log'); }, status() { return { word, odd: {}, ok: true }; },`,
    }),
  },
  workers: 'real',
});

test('plugins list shows instances with what befell them and what they say of themselves', async () => {
  await told(shared());
  const { stdout, status } = await shared().command('plugins', 'list');
  expect(status).toBe(0);
  const lines = stdout.split('\n');
  expect(lines[0]).toMatch(/^PLUGIN +USES +VERSION +ATTACHED TO +WORKERS +CALLS +FAULTS +NOTES$/);
  expect(lines[1]).toMatch(/^teller +\.\/teller\.ts +[0-9a-f]{12} +listener web +2 +\d+ +1$/);
  expect(lines[2]).toMatch(/^hello-world +hello-world +built in +listener web +2 +\d+ +0$/);
  expect(stdout).toMatch(
    /^teller at listener web, worker \d+: word none, ok true, last fault: log: Error: cannot log$/m,
  );
});

test('--json has it by worker and hook', async () => {
  await told(shared());
  const { plugins } = pluginsReport.parse(
    JSON.parse((await shared().command('plugins', 'list', '--json')).stdout),
  );
  const [tellers] = plugins;
  expect(tellers).toMatchObject({
    name: 'teller',
    attachedTo: 'listener web',
    file: `${shared().folder}/teller.ts`,
  });
  expect(tellers?.workers).toHaveLength(2);
  const calls = tellers?.workers.map((worker) => worker.calls['request'] ?? 0) ?? [];
  expect(Math.max(...calls)).toBeGreaterThan(0);
});
