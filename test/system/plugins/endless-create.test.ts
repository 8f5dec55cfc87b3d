import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import { webConfig } from '../../support/configs.ts';
import { isAlive } from '../../support/is-alive.ts';
import { poll } from '../../support/poll.ts';
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

test('attack: what is tried takes no part in what serves: a worker that dies meanwhile is replaced by another one', async () => {
  const tidegate = await runTidegate({
    files: {
      'tidegate.config.yaml': webConfig({ workers: 1, plugins: ['./teller.ts'], more: 'workerTimeout: 60s' }),
      'teller.ts': teller('one'),
    },
    workers: 'real',
  });
  const isTried = join(tidegate.folder, 'tried');
  const [pid] = (await statusOf(tidegate)).workers.map((worker) => worker.pid);
  if (pid === undefined) throw new Error('no worker');
  const report = tidegate.nextLine(refused);
  const note = `(await import('node:fs')).writeFileSync(${JSON.stringify(isTried)}, String(process.pid));`;
  await tidegate.write('teller.ts', teller('endless', { create: `${note} ${endless}` }));
  await poll(() => existsSync(isTried));
  const tried = Number(await readFile(isTried, 'utf8'));
  const replaced = tidegate.nextLine('worker ready');
  process.kill(pid, 'SIGKILL');
  const { worker } = await Promise.race([
    replaced,
    report.then((line) => Promise.reject(new Error(`not before ${JSON.stringify(line['problems'])}`))),
  ]);
  expect(worker).not.toBe(tried);
  expect((await told(tidegate)).text).toBe('one');
  // Nor does it outlive its master.
  tidegate.kill('SIGTERM');
  await tidegate.exited;
  await poll(() => !isAlive(tried));
});

test('attack: nothing that a refused plugin has left behind gets to serve', async () => {
  const tidegate = await runTidegate({
    files: {
      'tidegate.config.yaml': webConfig({ workers: 1, plugins: ['./teller.ts'] }),
      'teller.ts': teller('one'),
    },
    workers: 'real',
  });
  const report = tidegate.nextLine(refused);
  const trap = `process.on('message', () => process.exit(7)); throw new Error('on purpose');`;
  await tidegate.write('teller.ts', teller('trap', { create: `Array.prototype.at = () => 'trap'; ${trap}` }));
  expect(String((await report)['problems'])).toContain('on purpose');
  const died: number[] = [];
  const [pid] = (await statusOf(tidegate)).workers.map((worker) => worker.pid);
  if (pid === undefined) throw new Error('no worker');
  const replaced = tidegate.nextLine('worker ready');
  process.kill(pid, 'SIGKILL');
  await replaced;
  expect((await told(tidegate)).text).toBe('one');
  for (const { msg, worker } of tidegate.lines) if (msg === 'worker died') died.push(Number(worker));
  expect(died).toEqual([pid]);
});
