import { expect, test } from 'vitest';
import { stalled } from '../http1/fill-buffers.ts';
import { join } from './splice-setup.ts';

const BIG = Buffer.alloc(40 << 20, 'x');

test('a connection without a byte either way is ended', async () => {
  const { client, backend, ended } = await join({ idleMs: 100 });
  expect(await client.end()).toBe('fin');
  expect(await backend.end()).toBe('fin');
  expect((await ended).reason).toBe('idle');
});

test('bytes in one direction keep both', async () => {
  const { client, backend, ended } = await join({ idleMs: 400 });
  const start = performance.now();
  const sending = setInterval(() => backend.send('x'), 50);
  await client.until(() => performance.now() - start > 1200 || null, 'bytes for long');
  clearInterval(sending);
  expect(client.ended).toBe(null);
  expect((await ended).reason).toBe('idle');
});

test('once one end is done, the other may not be silent for long', async () => {
  const { client, backend, ended } = await join({ halfClosedMs: 100 });
  client.socket.end();
  expect(await backend.end()).toBe('fin');
  expect(await client.end()).toBe('fin');
  expect((await ended).reason).toBe('half-closed');
});

test('a connection lasts for its lifetime, and what is cut off within is reset', async () => {
  const { client, backend, ended } = await join({ lifetimeMs: 300 });
  const sending = setInterval(() => backend.send('x'), 50);
  expect(await client.end()).toBe('reset');
  clearInterval(sending);
  expect(await backend.end()).toBe('fin');
  expect((await ended).reason).toBe('lifetime');
});

test('a connection that has to leave goes on until its time is over', async () => {
  const { client, backend, splice, ended } = await join({ drainTimeoutMs: 300 });
  const start = performance.now();
  splice.leave(Number.POSITIVE_INFINITY);
  client.send('still there');
  await backend.until(() => backend.buffered === 'still there' || null, 'bytes while it leaves');
  expect((await ended).reason).toBe('drained');
  expect(performance.now() - start).toBeGreaterThan(290);
});

test('it leaves earlier where all has to be over earlier', async () => {
  const { client, splice, ended } = await join();
  splice.leave(performance.now() + 50);
  expect(await client.end()).toBe('fin');
  expect((await ended).reason).toBe('drained');
});

test('an end that takes nothing is not waited for', async () => {
  const { client, backend, ended } = await join({ idleMs: 200 });
  client.socket.pause();
  backend.send(BIG);
  await stalled(backend);
  expect((await ended).reason).toBe('idle');
  client.socket.resume();
  expect(await client.end()).toBe('reset');
  expect(client.bytesReceived).toBeLessThan(BIG.length);
});

test('last bytes that nobody takes are not waited for after both ends are done', async () => {
  const { client, backend, ended } = await join({ halfClosedMs: 200 });
  client.socket.pause();
  client.socket.end();
  backend.socket.end(BIG);
  expect((await ended).reason).toBe('half-closed');
  client.socket.resume();
  expect(await client.end()).toBe('reset');
});

test('all can be ended at once', async () => {
  const { client, backend, splice, ended } = await join();
  splice.destroy();
  expect(await Promise.all([client.end(), backend.end()])).toEqual(['reset', 'reset']);
  expect((await ended).reason).toBe('drained');
});
