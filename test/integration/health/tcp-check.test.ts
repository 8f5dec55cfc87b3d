import { createServer } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startFullBacklog } from '../../support/full-backlog.ts';
import { startRawBackend, unusedPort } from '../../support/raw-backend.ts';
import { probe } from './probe.ts';

/** Answers whatever comes with this text; null: hears and says nothing. */
async function startServer(answer: string | null): Promise<{ address: string; received: () => string }> {
  let received = '';
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (piece: Buffer) => {
      received += piece.toString('latin1');
      if (answer !== null) socket.write(answer, 'latin1');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { address: `127.0.0.1:${address.port}`, received: () => received };
}

test('who accepts is up', async () => {
  const backend = await startRawBackend();
  expect(await probe(`127.0.0.1:${backend.port}`, {})).toEqual({ ok: true, reason: 'connected' });
});

test('who refuses is down', async () => {
  expect(await probe(`127.0.0.1:${await unusedPort()}`, {})).toEqual({
    ok: false,
    reason: 'connection refused',
  });
});

test('who neither accepts nor refuses is down when the time is over', async () => {
  const port = await startFullBacklog();
  expect(await probe(`127.0.0.1:${port}`, { timeout: '100ms' })).toEqual({
    ok: false,
    reason: 'no connection within 100 ms',
  });
});

test('who answers as expected is up', async () => {
  const server = await startServer('+PONG\r\n');
  expect(await probe(server.address, { send: 'PING\r\n\xff', expect: '+PONG' })).toEqual({
    ok: true,
    reason: 'answered as expected',
  });
  expect(server.received()).toBe('PING\r\n\xff');
});

test('who answers otherwise, or not at all, is down', async () => {
  const reason = 'the expected answer did not come within 100 ms';
  for (const answer of ['-LOADING\r\n', null]) {
    const server = await startServer(answer);
    expect(await probe(server.address, { send: 'PING', expect: '+PONG', timeout: '100ms' })).toEqual({
      ok: false,
      reason,
    });
  }
});

test('who closes without the expected answer is down at once', async () => {
  const backend = await startRawBackend(undefined, ({ socket }) => void socket.end('no'));
  expect(await probe(`127.0.0.1:${backend.port}`, { expect: 'yes', timeout: '10s' })).toEqual({
    ok: false,
    reason: 'the expected answer did not come',
  });
});

test('a Unix socket', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-health-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'a.sock');
  expect(await probe(`unix:${path}`, {})).toEqual({ ok: false, reason: 'no such socket' });
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(path, resolve));
  onTestFinished(() => void server.close());
  expect(await probe(`unix:${path}`, {})).toEqual({ ok: true, reason: 'connected' });
});

test('a source address that cannot be the source says nothing of the backend', async () => {
  const backend = await startRawBackend();
  for (const type of ['tcp', 'udp'])
    for (const sourceAddress of ['::1', '192.0.2.1'])
      expect(await probe(`127.0.0.1:${backend.port}`, { type, sourceAddress })).toEqual({
        ok: null,
        reason: expect.stringMatching(/^cannot be checked: bind E\w+ /),
      });
});
