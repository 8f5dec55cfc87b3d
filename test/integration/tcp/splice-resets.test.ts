import { expect, test } from 'vitest';
import { reset } from '../../../core/shared/reset.ts';
import { join } from './splice-setup.ts';

const KINDS = [
  { name: 'plain', clientTls: false, backendTls: false },
  { name: 'TLS', clientTls: true, backendTls: true },
];

test.each(KINDS)("a client's reset is passed on ($name)", async (kind) => {
  const { client, backend, ended } = await join(kind);
  client.send('x');
  await backend.until(() => backend.buffered === 'x' || null, 'a byte');
  reset(client.socket);
  expect(await backend.end()).toBe('reset');
  expect((await ended).reason).toBe('client-reset');
});

test.each(KINDS)("a backend's reset is passed on ($name)", async (kind) => {
  const { client, backend, ended } = await join(kind);
  client.send('x');
  await backend.until(() => backend.buffered === 'x' || null, 'a byte');
  reset(backend.socket);
  expect(await client.end()).toBe('reset');
  expect((await ended).reason).toBe('backend-reset');
});

test('a reset after the end of one direction is passed on in the other', async () => {
  const { client, backend, ended } = await join();
  client.socket.end('x');
  expect(await backend.end()).toBe('fin');
  reset(backend.socket);
  expect(await client.end()).toBe('reset');
  expect((await ended).reason).toBe('backend-reset');
});
