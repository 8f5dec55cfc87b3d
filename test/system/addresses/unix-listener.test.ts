import { chmod, stat, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { poll } from '../../support/poll.ts';
import { runTidegate, type TidegateProcess } from '../../support/tidegate-process.ts';

function config(...listeners: string[]): string {
  const lines = [
    'listeners:',
    ...listeners.map((listener) => `  - { ${listener}, upstream: site }`),
    'upstreams: { site: { backends: [{ address: "unix:./backend.sock" }] } }',
    'workers: 1',
    '',
  ];
  return lines.join('\n');
}

const web = "name: web, address: 'unix:./web.sock'";

/** With a backend on a Unix socket that answers `hello`. */
function start(text: string): Promise<TidegateProcess> {
  return runTidegate({
    files: { 'tidegate.config.yaml': text },
    workers: 'real',
    async prepare(folder) {
      const server = createServer((_, response) => response.end('hello'));
      server.listen(join(folder, 'backend.sock'));
      await once(server, 'listening');
      onTestFinished(() => {
        server.closeAllConnections();
        server.close();
      });
    },
  });
}

function ask(socketPath: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, path: '/' }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on('error', reject);
    sent.end();
  });
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

async function reload(tidegate: TidegateProcess, text: string): Promise<number | null> {
  await tidegate.write('tidegate.config.yaml', text);
  return (await tidegate.command('reload')).status;
}

test('requests pass from Unix socket to Unix socket, and the file is gone after a shutdown', async () => {
  const tidegate = await start(config(web));
  const path = join(tidegate.folder, 'web.sock');
  expect(await ask(path)).toBe(200);
  tidegate.kill('SIGTERM');
  expect((await tidegate.exited).code).toBe(0);
  expect(await exists(path)).toBe(false);
});

test('a reload opens a Unix socket and removes one; one that stays goes on', async () => {
  const tidegate = await start(config(web));
  const [stays, comes] = ['web.sock', 'more.sock'].map((name) => join(tidegate.folder, name));
  const more = "name: more, address: 'unix:./more.sock'";
  expect(await reload(tidegate, config(web, more))).toBe(0);
  expect([await ask(stays ?? ''), await ask(comes ?? '')]).toEqual([200, 200]);
  expect(await reload(tidegate, config(web))).toBe(0);
  await poll(async () => !(await exists(comes ?? '')));
  expect(await ask(stays ?? '')).toBe(200);
});

test('socketMode is the permissions of the file, also after a reload that changes only that', async () => {
  const tidegate = await start(config(`${web}, socketMode: '0600'`));
  const path = join(tidegate.folder, 'web.sock');
  const mode = async (): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);
  expect(await mode()).toBe('600');
  expect(await reload(tidegate, config(`${web}, socketMode: '0666'`))).toBe(0);
  expect(await mode()).toBe('666');
  await chmod(path, 0o600);
  expect(
    await reload(tidegate, config(`${web}, socketMode: '0660'`, "name: tcp, address: '127.0.0.1:0'")),
  ).toBe(0);
  expect(await mode()).toBe('660');
});

test.each([
  ['what is no socket', 'there is a file that is not a socket'],
  ['a socket that is served', 'another process listens there'],
])('%s is not replaced', async (what, problem) => {
  const tidegate = await runTidegate({
    files: { 'tidegate.config.yaml': config(web) },
    workers: 'real',
    fails: true,
    async prepare(folder) {
      const path = join(folder, 'web.sock');
      if (what === 'what is no socket') return writeFile(path, 'precious');
      const server = createServer();
      server.listen(path);
      await once(server, 'listening');
      onTestFinished(() => void server.close());
    },
  });
  expect((await tidegate.exited).code).toBe(1);
  expect(tidegate.stderr).toContain(problem);
  expect(await exists(join(tidegate.folder, 'web.sock'))).toBe(true);
});

test('a path that is too long for a socket is refused, not cut off', async () => {
  const long = 'x'.repeat(120);
  const tidegate = await runTidegate({
    files: { 'tidegate.config.yaml': config(`name: web, address: 'unix:./${long}'`) },
    workers: 'fake',
    fails: true,
  });
  expect((await tidegate.exited).code).toBe(1);
  expect(tidegate.stderr).toContain('listeners[0].address: expected a path of at most 107 bytes');
});
