import { expect, test } from 'vitest';

import { webConfig } from '../../support/configs.ts';
import { startLoad } from '../../support/load.ts';
import { poll } from '../../support/poll.ts';
import { startBackend } from '../../support/slow-backend.ts';
import { statusOf } from '../../support/status.ts';
import { runTidegate } from '../../support/tidegate-process.ts';

test('a worker killed under load costs the exchanges that it held and no other, and is back within a second', async () => {
  const backend = await startBackend();
  const tidegate = await runTidegate({
    files: {
      'tidegate.config.yaml': webConfig({
        backend: backend.address,
        workers: 2,
        more: 'log: { level: debug }',
      }),
    },
    workers: 'real',
  });
  const connections = 8;
  const load = startLoad(await tidegate.url(), connections);
  await poll(() => load.answered() > 200);
  await tidegate.line('spare worker up');
  const [victim] = (await statusOf(tidegate)).workers;

  const killedAt = performance.now();
  process.kill(victim?.pid ?? 0, 'SIGKILL');
  await tidegate.line('worker ready');
  expect(performance.now() - killedAt).toBeLessThan(1000);

  const before = load.answered();
  await poll(() => load.answered() > before + 200);
  const { failures } = await load.stop();
  // Each connection holds one exchange at most, and only those of the one worker are lost.
  expect(failures.length).toBeLessThanOrEqual(connections);
});
