import { expect, test } from 'vitest';

import { script, webConfig } from '../../support/configs.ts';
import { askFake } from '../../support/fake-answer.ts';
import { poll } from '../../support/poll.ts';
import { statusOf } from '../../support/status.ts';
import { runTidegate } from '../../support/tidegate-process.ts';

const files = { 'tidegate.config.yaml': webConfig({ rules: './site.ts' }), 'site.ts': script('good') };

test.each([
  {
    name: 'a config with a mistake',
    file: 'tidegate.config.yaml',
    text: 'listeners: [}',
    problem: 'tidegate.config.yaml',
  },
  {
    name: 'a rule script that does not compile',
    file: 'site.ts',
    text: 'export default {',
    problem: 'site.ts',
  },
  {
    name: 'a worker that refuses',
    file: 'tidegate.config.yaml',
    text: webConfig({ rules: './site.ts', upstreams: ['refuse'] }),
    problem: 'the fake worker refuses',
  },
  {
    name: 'a worker that dies',
    file: 'tidegate.config.yaml',
    text: webConfig({ rules: './site.ts', upstreams: ['die'] }),
    problem: 'SIGKILL',
  },
])(
  '$name: the old snapshot goes on, and the log, the exit status and the status say why',
  async ({ file, text, problem }) => {
    const tidegate = await runTidegate({ files, workers: 'fake' });
    const url = await tidegate.url();
    await tidegate.write(file, text);
    const line = await tidegate.line('reload refused; what was served goes on');
    expect(JSON.stringify(line['problems'])).toContain(problem);

    const served = await poll(() => askFake(url));
    expect(served.version).toBe(1);
    const { lastReload, snapshot } = await statusOf(tidegate);
    expect(snapshot.version).toBe(1);
    expect(lastReload).toMatchObject({ ok: false, trigger: 'file' });
    expect((await tidegate.command('status')).stdout).toContain('REFUSED');

    await poll(async () => (await statusOf(tidegate)).workers.length === 2);
    const command = await tidegate.command('reload');
    expect(command.status).toBe(1);
    expect(command.stderr).toContain(problem);
  },
);

test('a repaired config takes effect', async () => {
  const tidegate = await runTidegate({ files, workers: 'fake' });
  await tidegate.write('site.ts', 'export default {');
  await tidegate.line('reload refused; what was served goes on');
  await tidegate.write('site.ts', script('repaired'));
  expect(await tidegate.line('reloaded')).toMatchObject({ version: 3 });
});

test('an import that is missing is noticed when it comes', async () => {
  const tidegate = await runTidegate({ files, workers: 'fake' });
  await tidegate.write('site.ts', `import './late.ts';\n${script('late')}`);
  await tidegate.line('reload refused; what was served goes on');
  await tidegate.write('late.ts', 'export {};\n');
  await tidegate.line('reloaded');
});
