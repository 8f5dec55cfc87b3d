import { expect, test } from 'vitest';
import { answering } from '../../support/named-backends.ts';
import { statusOf } from '../../support/status.ts';
import { plain, runWithBackends } from './setup.ts';

test('what a command sets is in the lists, beside what the file says', { timeout: 60_000 }, async () => {
  const { tidegate, url, backends } = await runWithBackends([plain, plain], 1);
  const [a = '', b = '', c = ''] = backends.map(({ address }) => address);
  const run = (...args: string[]) => tidegate.command('backends', ...args);
  expect(await run('drain', 'site', a)).toMatchObject({ status: 0, stdout: `backend ${a} of site: drain\n` });
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

test('what cannot be done says why, and changes nothing', { timeout: 60_000 }, async () => {
  const { tidegate, url, backends } = await runWithBackends([plain]);
  const [a = ''] = backends.map(({ address }) => address);
  const run = (...args: string[]) => tidegate.command('backends', ...args);
  expect(await run('drain', 'sit', a)).toMatchObject({
    status: 1,
    stdout: '',
    stderr: 'there is no upstream "sit"; did you mean `site`?\n',
  });
  expect((await run('drain', 'site', 'other.internal:80')).stderr).toBe(
    `upstream site has no backend "other.internal:80" (it has ${a})\n`,
  );
  expect((await run('add', 'site', a)).stderr).toBe(`upstream site has the backend ${a} already\n`);
  expect((await run('add', 'site', '10.0.0.1')).stderr).toMatch(
    /backend: expected an address like .*, found "10.0.0.1"/,
  );
  expect((await run('weight', 'site', a, '65536')).stderr).toMatch(
    /weight: expected an integer from 0 to 65535, found 65536/,
  );
  expect((await run('weight', 'site', a, '-1')).status).toBe(2);
  expect((await run('list', 'sit')).stderr).toMatch(/there is no upstream "sit"; did you mean `site`\?/);
  expect(JSON.parse((await run('drain', 'site', 'x:1', '--json')).stdout)).toMatchObject({ ok: false });
  expect(await answering(url, 4)).toEqual(new Set([a]));
});
