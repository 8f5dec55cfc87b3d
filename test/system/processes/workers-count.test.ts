import { expect, test } from 'vitest';

import { webConfig } from '../../support/configs.ts';
import { isAlive } from '../../support/is-alive.ts';
import { poll } from '../../support/poll.ts';
import { statusOf } from '../../support/status.ts';
import { runTidegate } from '../../support/tidegate-process.ts';

test('a reload starts or drains workers until there are as many as the config says', async () => {
  const tidegate = await runTidegate({
    files: { 'tidegate.config.yaml': webConfig({ workers: 1 }) },
    workers: 'fake',
  });
  const [first] = (await statusOf(tidegate)).workers;
  await tidegate.write('tidegate.config.yaml', webConfig({ workers: 3 }));
  const three = await poll(async () => {
    const { workers } = await statusOf(tidegate);
    return workers.length === 3 && workers;
  });
  expect(three[0]?.pid).toBe(first?.pid);
  await tidegate.write('tidegate.config.yaml', webConfig({ workers: 1 }));
  await poll(() => three.filter(({ pid }) => isAlive(pid)).length === 1);
  expect((await statusOf(tidegate)).workers.map(({ pid }) => pid)).toEqual([first?.pid]);
  expect(tidegate.lines.filter(({ msg }) => msg === 'worker died')).toEqual([]);
});

test('what a reload cannot change is said, and the rest takes effect', async () => {
  const tidegate = await runTidegate({ files: { 'tidegate.config.yaml': webConfig() }, workers: 'fake' });
  await tidegate.write('tidegate.config.yaml', webConfig({ upstreams: ['more'], more: 'user: nobody' }));
  await tidegate.line('reloaded', (line) => JSON.stringify(line['changes']).includes('more'));
  const result = await tidegate.command('reload');
  expect(result.status).toBe(0);
  expect(result.stderr).toContain('user');
  expect(result.stderr).toContain('restart');
});
