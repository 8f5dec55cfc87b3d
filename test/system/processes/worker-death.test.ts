import { once } from 'node:events';
import { connect } from 'node:net';

import { expect, onTestFinished, test } from 'vitest';

import { webConfig } from '../../support/configs.ts';
import { askFake } from '../../support/fake-answer.ts';
import { poll } from '../../support/poll.ts';
import { runTidegate } from '../../support/tidegate-process.ts';

test('a worker that is killed is replaced by one that serves the current snapshot', async () => {
  const tidegate = await runTidegate({
    files: { 'tidegate.config.yaml': webConfig({ workers: 1 }) },
    workers: 'fake',
  });
  const url = await tidegate.url();
  tidegate.kill('SIGHUP');
  await tidegate.line('reloaded');
  const before = await askFake(url);
  expect(before.version).toBe(2);

  process.kill(before.pid, 'SIGKILL');
  const died = await tidegate.line('worker died');
  expect(died).toMatchObject({ worker: before.pid, reason: 'SIGKILL' });
  const after = await poll(() => askFake(url));
  expect(after.pid).not.toBe(before.pid);
  expect(after.version).toBe(2);
});

test('a connection that waits while there is no worker is served by the next one', async () => {
  const tidegate = await runTidegate({
    files: { 'tidegate.config.yaml': webConfig({ workers: 1 }) },
    workers: 'fake',
  });
  const { hostname, port } = new URL(await tidegate.url());
  const { pid } = await askFake(await tidegate.url());
  process.kill(pid, 'SIGSTOP');
  const waiting = connect({ host: hostname, port: Number(port) });
  onTestFinished(() => void waiting.destroy());
  await once(waiting, 'connect');
  waiting.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  process.kill(pid, 'SIGKILL');
  const [answer] = await once(waiting, 'data');
  expect(String(answer)).toContain('200 OK');
});

test('the status counts the restarts', async () => {
  const tidegate = await runTidegate({
    files: { 'tidegate.config.yaml': webConfig({ workers: 1 }) },
    workers: 'fake',
  });
  const { pid } = await askFake(await tidegate.url());
  process.kill(pid, 'SIGKILL');
  await tidegate.line('worker ready');
  const { stdout } = await tidegate.command('status', '--json');
  expect(JSON.parse(stdout)).toMatchObject({ workers: [{ restarts: 1 }] });
});
