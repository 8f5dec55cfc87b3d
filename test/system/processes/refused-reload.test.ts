import { execFileSync } from 'node:child_process';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, expect, test } from 'vitest';

import { script, webConfig } from '../../support/configs.ts';
import { askFake } from '../../support/fake-answer.ts';
import { poll } from '../../support/poll.ts';
import { statusOf } from '../../support/status.ts';
import { sharedTidegate } from '../../support/tidegate-process.ts';

const files = { 'tidegate.config.yaml': webConfig({ rules: './site.ts' }), 'site.ts': script('good') };
const refused = 'reload refused; what was served goes on';

const shared = sharedTidegate({ files, workers: 'fake' });

afterEach(async () => {
  const reloaded = shared().nextLine('reloaded');
  for (const [name, text] of Object.entries(files)) await shared().write(name, text);
  await reloaded;
});

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
    const tidegate = shared();
    const url = await tidegate.url();
    const { version } = await askFake(url);
    const logged = tidegate.nextLine(refused);
    await tidegate.write(file, text);
    const line = await logged;
    expect(JSON.stringify(line['problems'])).toContain(problem);

    const served = await poll(() => askFake(url));
    expect(served.version).toBe(version);
    const { lastReload, snapshot } = await statusOf(tidegate);
    expect(snapshot.version).toBe(version);
    expect(lastReload).toMatchObject({ ok: false, trigger: 'file' });
    expect((await tidegate.command('status')).stdout).toContain('REFUSED');

    await poll(async () => (await statusOf(tidegate)).workers.length === 2);
    const command = await tidegate.command('reload');
    expect(command.status).toBe(1);
    expect(command.stderr).toContain(problem);
  },
);

test('a repaired config takes effect', async () => {
  const tidegate = shared();
  const logged = tidegate.nextLine(refused);
  await tidegate.write('site.ts', 'export default {');
  const { version } = await logged;
  const reloaded = tidegate.nextLine('reloaded');
  await tidegate.write('site.ts', script('repaired'));
  expect(await reloaded).toMatchObject({ version: Number(version) + 1 });
});

test('an import that is missing is noticed when it comes', async () => {
  const tidegate = shared();
  const logged = tidegate.nextLine(refused);
  await tidegate.write('site.ts', `import './late.ts';\n${script('late')}`);
  await logged;
  const reloaded = tidegate.nextLine('reloaded');
  await tidegate.write('late.ts', 'export {};\n');
  await reloaded;
});

test('a config that a pipe took the place of is refused, and the primary does not wait for the pipe', async () => {
  const tidegate = shared();
  execFileSync('mkfifo', [join(tidegate.folder, 'pipe')]);
  const logged = tidegate.nextLine(refused);
  await rename(join(tidegate.folder, 'pipe'), tidegate.configFile);
  expect(JSON.stringify((await logged)['problems'])).toContain('a pipe');
  await rename(tidegate.configFile, join(tidegate.folder, 'pipe'));
});
