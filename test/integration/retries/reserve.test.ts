import { expect, test } from 'vitest';
import { ok, startRawBackend, unusedPort } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { entry, startProxy } from '../http1/setup.ts';

const at = (port: number, more: object = {}) => ({ address: `127.0.0.1:${port}`, ...more });

test('a primary that dies costs no request: the retry goes to its backup, before any check has found it', async () => {
  const backup = await startRawBackend((request) => request.reply(ok('backup')));
  const gone = await unusedPort();
  const proxy = await startProxy({
    upstreams: {
      site: {
        backends: [at(gone), at(backup.port, { backupFor: `127.0.0.1:${gone}` })],
        passiveHealth: false,
      },
    },
  });
  const client = await connectRaw(proxy.port);
  expect((await client.request(get('/'))).body).toBe('backup');
  expect(await entry(proxy)).toMatchObject({ attempts: 2, error: null });
});

test('when all of a group were tried a retry goes to the next group', async () => {
  const backup = await startRawBackend((request) => request.reply(ok('backup')));
  const proxy = await startProxy({
    upstreams: {
      site: {
        backends: [at(await unusedPort()), at(await unusedPort()), at(backup.port, { backup: true })],
        passiveHealth: false,
        retries: { attempts: 3 },
      },
    },
  });
  const client = await connectRaw(proxy.port);
  expect((await client.request(get('/'))).body).toBe('backup');
  expect(await entry(proxy)).toMatchObject({ attempts: 3, error: null });
});

test('a backend in reserve that is drained stays out of it', async () => {
  const backup = await startRawBackend((request) => request.reply(ok('backup')));
  const proxy = await startProxy({
    upstreams: {
      site: {
        backends: [at(await unusedPort()), at(backup.port, { backup: true, state: 'drain' })],
        passiveHealth: false,
      },
    },
  });
  const client = await connectRaw(proxy.port);
  expect((await client.request(get('/'))).status).toBe(502);
  expect(backup.requests).toHaveLength(0);
});

test('a retry goes to the backup within an upstream that is a backend of another', async () => {
  const backup = await startRawBackend((request) => request.reply(ok('backup')));
  const proxy = await startProxy({
    upstreams: {
      site: { backends: [{ upstream: 'inner' }], passiveHealth: false },
      inner: {
        backends: [at(await unusedPort()), at(backup.port, { backup: true })],
        passiveHealth: false,
      },
    },
  });
  const client = await connectRaw(proxy.port);
  expect((await client.request(get('/'))).body).toBe('backup');
  expect(await entry(proxy)).toMatchObject({ attempts: 2, error: null });
});

test('and when that has none left, to the next group of the outer one', async () => {
  const backup = await startRawBackend((request) => request.reply(ok('backup')));
  const proxy = await startProxy({
    upstreams: {
      site: { backends: [{ upstream: 'inner' }, at(backup.port, { backup: true })], passiveHealth: false },
      inner: {
        backends: [at(await unusedPort()), at(await unusedPort(), { backup: true })],
        passiveHealth: false,
      },
    },
  });
  const client = await connectRaw(proxy.port);
  expect((await client.request(get('/'))).body).toBe('backup');
  expect(await entry(proxy)).toMatchObject({ attempts: 3, error: null });
});
