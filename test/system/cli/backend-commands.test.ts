import { expect, test } from 'vitest';
import { register } from '../../../core/cli/backends.ts';
import { webConfig } from '../../support/configs.ts';
import { answering } from '../../support/named-backends.ts';
import { statusOf } from '../../support/status.ts';
import { sharedTidegate, type TidegateProcess } from '../../support/tidegate-process.ts';
import { runHere } from '../../integration/cli/run-cli.ts';
import { plain, runWithBackends, siteConfig } from '../../integration/backends/setup.ts';

function backendsCommand({ folder }: TidegateProcess, ...args: string[]) {
  return runHere(folder, register, 'backends', ...args);
}

test('what a command sets is in the lists, beside what the file says', { timeout: 60_000 }, async () => {
  const { tidegate, url, backends } = await runWithBackends([plain, plain], 1);
  const [a = '', b = '', c = ''] = backends.map(({ address }) => address);
  const run = (...args: string[]) => backendsCommand(tidegate, ...args);
  expect(await tidegate.command('backends', 'drain', 'site', a)).toEqual({
    status: 0,
    stdout: `backend ${a} of site: drain\n`,
    stderr: '',
  });
  expect((await run('drain', 'site', a)).stdout).toBe('nothing changed\n');
  expect(await run('add', 'site', c, '--weight', '3', '--priority', '2')).toMatchObject({
    status: 0,
    stderr: '',
  });
  expect(await answering(url)).toEqual(new Set([b]));
  expect(await run('remove', 'site', b)).toMatchObject({ status: 0, stderr: '' });
  expect(await answering(url)).toEqual(new Set([c]));
  const last = await run('weight', 'site', c, '0');
  expect(last).toMatchObject({ status: 0, stderr: 'warning: no backend of site takes new requests now\n' });

  const { upstreams } = await statusOf(tidegate);
  expect(upstreams).toMatchObject([
    {
      removed: [b],
      backends: [
        { address: a, state: 'drain', file: { state: 'ready', weight: null, isMissing: false } },
        { address: c, weight: 0, priority: 2, file: { isMissing: true } },
      ],
    },
  ]);
  const { stdout } = await run('list', 'site');
  expect(stdout).toMatch(/ drain .* no .* drain by a command, ready in the file/);
  expect(stdout).toMatch(/ added by a command; group 2/);
  expect(stdout).toMatch(/ - .* removed by a command/);

  expect(await run('reset', 'site')).toMatchObject({
    status: 0,
    stdout: 'upstream site: as the file has it\n',
  });
  expect(await answering(url)).toEqual(new Set([a, b]));
});

const unreachable = sharedTidegate({
  files: { 'tidegate.config.yaml': siteConfig([plain('127.0.0.1:9'), plain('one.invalid:80')]) },
  workers: 'real',
});

test('a name without an address says so, and is listed with what a command has set for it', async () => {
  const run = (...args: string[]) => backendsCommand(unreachable(), ...args);
  expect(await run('add', 'site', 'two.invalid:80')).toMatchObject({
    status: 0,
    stderr: 'warning: no address is known for two.invalid yet\n',
  });
  await run('maintenance', 'site', 'one.invalid:80');
  const { stdout } = await run('list');
  expect(stdout).toMatch(/one\.invalid:80 \(no address\) .* maintenance by a command, ready in the file/);
  expect(stdout).toMatch(/two\.invalid:80 \(no address\) .* added by a command/);
});

test('names that hold commands for a terminal, or line breaks, are shown without doing what they say', async () => {
  const run = (...args: string[]) => backendsCommand(unreachable(), ...args);
  await run('reset', 'site');
  const name = 'unix:/tmp/\u001b[31m\n\u202egnp';
  const shown = String.raw`unix:/tmp/\u{1b}[31m\u{a}\u{202e}gnp`;
  const added = await run('add', 'site', name);
  expect(added.stdout).toBe(`backend ${shown} of site: added\n`);
  expect((await run('list')).stdout.split('\n')[2]).toContain(`site      ${shown}  `);
  const { stdout } = await run('drain', 'site', name, '--json');
  expect(JSON.parse(stdout)).toMatchObject({ changes: [`backend ${name} of site: drain`] });
});

const shared = sharedTidegate({
  files: { 'tidegate.config.yaml': webConfig({ upstreams: ['constructor'] }) },
  workers: 'fake',
});

test('what cannot be done says why, and changes nothing', async () => {
  const run = (...args: string[]) => backendsCommand(shared(), ...args);
  expect(await run('drain', 'sit', '127.0.0.1:9')).toEqual({
    status: 1,
    stdout: '',
    stderr: 'there is no upstream "sit"; did you mean `site`?\n',
  });
  expect((await run('drain', 'site', 'other.internal:80')).stderr).toBe(
    'upstream site has no backend "other.internal:80" (it has 127.0.0.1:9)\n',
  );
  expect((await run('add', 'site', '127.0.0.1:9')).stderr).toBe(
    'upstream site has the backend 127.0.0.1:9 already\n',
  );
  await expect(run('add', 'site', '10.0.0.1')).rejects.toThrow(
    /backend: expected an address like .*, found "10.0.0.1"/,
  );
  await expect(run('weight', 'site', '127.0.0.1:9', '65536')).rejects.toThrow(
    /weight: expected an integer from 0 to 65535, found 65536/,
  );
  expect((await run('list', 'sit')).stderr).toMatch(/there is no upstream "sit"/);
  expect(JSON.parse((await run('drain', 'site', 'x:1', '--json')).stdout)).toEqual({
    ok: false,
    problems: ['upstream site has no backend "x:1" (it has 127.0.0.1:9)'],
    warnings: [],
    changes: [],
    workers: { asked: 0, answered: 0 },
  });
  expect((await run('reset', 'site')).stdout).toBe('nothing changed\n');
  const usage = await shared().command('backends', 'weight', 'site', '127.0.0.1:9', '-1');
  expect(usage).toMatchObject({ status: 2, stdout: '' });
});

test('an upstream may be called as what every object has', async () => {
  expect(await backendsCommand(shared(), 'drain', 'constructor', '127.0.0.1:9')).toMatchObject({
    status: 0,
    stdout: 'backend 127.0.0.1:9 of constructor: drain\n',
  });
  expect((await backendsCommand(shared(), 'reset', 'constructor')).status).toBe(0);
});
