import { expect, test } from 'vitest';

import { webConfig } from '../../support/configs.ts';
import { statusOf } from '../../support/status.ts';
import { teller, told } from '../../support/teller-plugin.ts';
import { runTidegate } from '../../support/tidegate-process.ts';

const refused = 'reload refused; what was served goes on';
const endless = 'for (;;);';

test('a plugin that never ends its creation has the reload refused by name, and every worker serves on', async () => {
  const tidegate = await runTidegate({
    files: {
      'tidegate.config.yaml': webConfig({
        workers: 2,
        plugins: ['./teller.ts', './good.ts'],
        more: 'workerTimeout: 6s',
      }),
      'teller.ts': teller('one'),
      'good.ts': teller('good').replace("'teller'", "'good'"),
    },
    workers: 'real',
  });
  const pids = async (): Promise<number[]> =>
    (await statusOf(tidegate)).workers.map(({ pid }) => pid).toSorted((a, b) => a - b);
  const before = await pids();

  const report = tidegate.nextLine(refused);
  const state = { isOver: false, slowestMs: 0 };
  const asking = (async () => {
    while (!state.isOver) {
      const startMs = performance.now();
      expect((await told(tidegate)).text).toBe('one');
      state.slowestMs = Math.max(state.slowestMs, performance.now() - startMs);
    }
  })();
  await tidegate.write('teller.ts', teller('endless', { create: endless }));
  const problems = String((await report)['problems']);
  state.isOver = true;
  await asking;
  expect(problems).toContain(`${tidegate.folder}/teller.ts: plugin ./teller.ts at listener web`);
  expect(problems).not.toContain('good.ts');
  expect(await pids()).toEqual(before);
  expect(state.slowestMs).toBeLessThan(5000);

  const reloaded = tidegate.nextLine('reloaded');
  await tidegate.write('teller.ts', teller('two'));
  await reloaded;
  expect((await told(tidegate)).text).toBe('two');
});
