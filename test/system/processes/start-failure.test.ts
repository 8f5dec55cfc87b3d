import { createServer } from 'node:net';
import { once } from 'node:events';

import { expect, onTestFinished, test } from 'vitest';

import { script, webConfig } from '../../support/configs.ts';
import { runTidegate } from '../../support/tidegate-process.ts';

async function failure(
  config: string,
  files: Record<string, string> = {},
): Promise<{ code: number | null; stderr: string }> {
  const tidegate = await runTidegate({
    files: { 'tidegate.config.yaml': config, ...files },
    workers: 'fake',
    fails: true,
  });
  const { code } = await tidegate.exited;
  return { code, stderr: tidegate.stderr };
}

test('a config with several mistakes: exit status 1 and all of them on stderr', async () => {
  const { code, stderr } = await failure(
    `listeners:\n  - { name: web, address: 'nonsense', upstream: nowhere, colour: red }\nupstreams: {}\n`,
  );
  expect(code).toBe(1);
  expect(stderr).toContain('listeners[0].address');
  expect(stderr).toContain('nowhere');
  expect(stderr).toContain('colour');
});

test('a rule script that does not compile: file and line on stderr', async () => {
  const { code, stderr } = await failure(webConfig({ rules: './site.ts' }), {
    'site.ts': `${script('a')}\nconst = 3;\n`,
  });
  expect(code).toBe(1);
  expect(stderr).toMatch(/site\.ts:4:/);
});

test('an address in use: exit status 1 and the address', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const { code, stderr } = await failure(webConfig().replace('127.0.0.1:0', `127.0.0.1:${port}`));
  expect(code).toBe(1);
  expect(stderr).toContain(`127.0.0.1:${port}`);
  expect(stderr).toContain('EADDRINUSE');
});

test('a snapshot that the workers refuse: exit status 1 and their reason', async () => {
  const { code, stderr } = await failure(webConfig({ upstreams: ['refuse'] }));
  expect(code).toBe(1);
  expect(stderr).toContain('the fake worker refuses');
});

test('workers that die while they prepare: exit status 1 and how', async () => {
  const { code, stderr } = await failure(webConfig({ upstreams: ['die'] }));
  expect(code).toBe(1);
  expect(stderr).toContain('SIGKILL');
});

test('a second one with the same config: exit status 1, and the first goes on', async () => {
  const first = await runTidegate({ files: { 'tidegate.config.yaml': webConfig() }, workers: 'fake' });
  const second = await first.command('run');
  expect(second.status).toBe(1);
  expect(second.stderr).toContain('runs already');
  expect((await first.command('status')).status).toBe(0);
});

test('an unknown user: exit status 1 and the name', async () => {
  const { code, stderr } = await failure(webConfig({ more: 'user: no-such-user' }));
  expect(code).toBe(1);
  expect(stderr).toContain('user');
});
