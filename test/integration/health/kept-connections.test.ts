import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { CheckRunner } from '../../../core/primary/health/check-runner.ts';
import type { RecurringCheck } from '../../../core/primary/health/check-runner.ts';
import { KeptConnections } from '../../../core/primary/health/kept-connections.ts';
import { startProbe } from '../../../core/primary/health/probes.ts';
import { poll } from '../../support/poll.ts';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { keptConnections, proberOf, targetOf } from './probe.ts';

const settings = { type: 'http', timeout: '5s' };

/** A check of a backend that is made every `everyMs`, and how many results it had. */
async function startRunner(everyMs: number, answer = ok('')) {
  const backend = await startRawBackend((request) => request.reply(answer));
  const runner = new CheckRunner(startProbe, null);
  onTestFinished(() => runner.close());
  let results = 0;
  const check = {
    target: targetOf(`127.0.0.1:${backend.port}`, settings),
    isUnsettled: false,
    onResult: () => {
      results += 1;
      return everyMs;
    },
  };
  runner.add(check, 0);
  await poll(() => results > 0);
  return { backend, runner, check, results: () => results };
}

const hour = 3_600_000;
/** Its connection is kept before it is through. */
const unfinished = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n';

test.each<[what: string, answer: string, end: (runner: CheckRunner, check: RecurringCheck) => void]>([
  ['a check that is no longer wanted', ok(''), (runner, check) => runner.remove(check)],
  ['one in the middle of its answer', unfinished, (runner, check) => runner.remove(check)],
  ['every check, at the end', ok(''), (runner) => runner.close()],
])('the connection of %s is closed', async (_, answer, end) => {
  const { backend, runner, check } = await startRunner(hour, answer);
  end(runner, check);
  expect(await backend.connections[0]?.end()).toBe('fin');
});

test('while a backend is down, or may be, each check has a new connection', async () => {
  const { backend, check, results } = await startRunner(10);
  check.isUnsettled = true;
  const before = results();
  await poll(() => results() >= before + 4);
  const used = backend.requests.slice(before + 1).map(({ connection }) => connection.index);
  expect(new Set(used).size).toBe(used.length);
});

test('no more are kept than there is room for', async () => {
  const connections = keptConnections(1);
  const first = await startRawBackend();
  const second = await startRawBackend();
  const checks = [first, second].map(({ port }) =>
    proberOf(targetOf(`127.0.0.1:${port}`, settings), connections),
  );
  for (const check of [...checks, ...checks]) expect(await check()).toMatchObject({ ok: true });
  expect(first.connections).toHaveLength(1);
  expect(second.connections).toHaveLength(2);
  expect(await second.connections[0]?.end()).toBe('fin');
});

test('one that has ended makes room', async () => {
  const connections = keptConnections(1);
  const first = await startRawBackend();
  const second = await startRawBackend();
  await proberOf(targetOf(`127.0.0.1:${first.port}`, settings), connections)();
  first.connections[0]?.socket.end();
  await first.connections[0]?.end();
  const check = proberOf(targetOf(`127.0.0.1:${second.port}`, settings), connections);
  for (let i = 0; i < 2; i++) await check();
  expect(second.connections).toHaveLength(1);
});

test('the first ones of many backends do not all end with the same round of checks', async () => {
  const backend = await startRawBackend();
  let turn = 0;
  const connections = new KeptConnections(100, () => (turn++ % 5) / 5);
  const checks = Array.from({ length: 5 }, () =>
    proberOf(targetOf(`127.0.0.1:${backend.port}`, settings), connections),
  );
  const opened: number[] = [];
  for (let round = 0; round < 7; round++) {
    const before = backend.connections.length;
    for (const check of checks) await check();
    opened.push(backend.connections.length - before);
  }
  expect(opened).toEqual([5, 1, 1, 1, 1, 1, 1]);
});

test('over a Unix socket', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tidegate-'));
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.on('data', () => socket.write(ok('')));
  });
  await new Promise<void>((resolve) => server.listen(path.join(folder, 's'), resolve));
  onTestFinished(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });
  const check = proberOf(targetOf(`unix:${path.join(folder, 's')}`, settings));
  for (let i = 0; i < 3; i++) expect(await check()).toMatchObject({ ok: true });
  expect(connections).toBe(1);
});
