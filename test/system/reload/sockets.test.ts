import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { accepts } from '../../support/accepts.ts';
import { askFake } from '../../support/fake-answer.ts';
import { unusedPort } from '../../support/raw-backend.ts';
import { runTidegate } from '../../support/tidegate-process.ts';
import type { TidegateProcess } from '../../support/tidegate-process.ts';

function config(...addresses: string[]): string {
  const listeners = addresses.map(
    (address, index) => `  - { name: l${index}, address: '${address}', upstream: site }\n`,
  );
  return `listeners:\n${listeners.join('')}upstreams: { site: { backends: [{ address: '127.0.0.1:9' }] } }\nworkers: 2\n`;
}

async function reload(tidegate: TidegateProcess, text: string): Promise<number | null> {
  await tidegate.write('tidegate.config.yaml', text);
  return (await tidegate.command('reload')).status;
}

test('a new listener is opened, a removed one is closed, one that stays keeps its socket', async () => {
  const tidegate = await runTidegate({
    files: { 'tidegate.config.yaml': config('127.0.0.1:0') },
    workers: 'fake',
  });
  const stays = await tidegate.url('l0');
  const port = await unusedPort();
  expect(await reload(tidegate, config('127.0.0.1:0', `127.0.0.1:${port}`))).toBe(0);
  expect((await askFake(`http://127.0.0.1:${port}`)).version).toBe((await askFake(stays)).version);
  expect(await reload(tidegate, config('127.0.0.1:0'))).toBe(0);
  expect(await accepts(port)).toBe(false);
  await askFake(stays);
});

test('an address that cannot be bound refuses the reload, and those bound for it are free again', async () => {
  const tidegate = await runTidegate({
    files: { 'tidegate.config.yaml': config('127.0.0.1:0') },
    workers: 'fake',
  });
  const taken = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void taken.close());
  await once(taken, 'listening');
  const address = taken.address();
  const takenPort = typeof address === 'object' && address !== null ? address.port : 0;
  const port = await unusedPort();
  expect(await reload(tidegate, config('127.0.0.1:0', `127.0.0.1:${port}`, `127.0.0.1:${takenPort}`))).toBe(
    1,
  );
  const again = createServer().listen(port, '127.0.0.1');
  await once(again, 'listening');
  again.close();
  expect((await askFake(await tidegate.url('l0'))).version).toBe(1);
});

test('a Unix socket that a dead process left is replaced', async () => {
  const tidegate = await runTidegate({
    files: { 'tidegate.config.yaml': config('127.0.0.1:0', 'unix:./web.sock') },
    workers: 'fake',
  });
  const path = join(tidegate.folder, 'web.sock');
  await once(connect(path), 'connect');
  tidegate.kill('SIGKILL');
  await tidegate.exited;
  await runTidegate({ files: {}, config: tidegate.configFile, workers: 'fake' });
  const socket = connect(path);
  await once(socket, 'connect');
  socket.destroy();
});
