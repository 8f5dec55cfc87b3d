import { expect, test } from 'vitest';
import { ok, startRawBackend, unusedPort } from '../../support/raw-backend.ts';
import { connectRaw, get, post } from '../../support/raw-client.ts';
import { entry, startProxy } from '../http1/setup.ts';

const at = (port: number, more: object = {}) => ({ address: `127.0.0.1:${port}`, ...more });

test('no backend takes requests: the fallback answers', async () => {
  const other = await startRawBackend(async (request) => request.reply(ok(await request.body())));
  const proxy = await startProxy({
    upstreams: {
      site: { backends: [at(9, { state: 'drain' })], fallback: 'other' },
      other: { backends: [at(other.port)] },
    },
  });
  const client = await connectRaw(proxy.port);
  expect((await client.request(post('/', 'hello'))).body).toBe('hello');
  expect(await entry(proxy)).toMatchObject({ upstream: 'other', attempts: 1, error: null });
  expect(proxy.upstreams.get('site')?.budget.fallbacks).toBe(1);
});

test('all attempts have failed: the fallback has as many of its own', async () => {
  const other = await startRawBackend((request) => request.reply(ok('other')));
  const proxy = await startProxy({
    upstreams: {
      site: {
        backends: [at(await unusedPort()), at(await unusedPort())],
        fallback: 'other',
        retries: { attempts: 2 },
      },
      other: {
        minAvailable: 2,
        backends: [at(await unusedPort()), at(other.port, { backup: true })],
        retries: { attempts: 2 },
      },
    },
  });
  const client = await connectRaw(proxy.port);
  expect((await client.request(get('/'))).body).toBe('other');
  expect(await entry(proxy)).toMatchObject({ upstream: 'other', attempts: 4, error: null });
});

test('a chain is gone through to its end; the answer tells of what befell the last backend tried', async () => {
  const proxy = await startProxy({
    upstreams: {
      site: { backends: [at(await unusedPort())], fallback: 'b', retries: { attempts: 1 } },
      b: { backends: [at(9, { weight: 0 })], fallback: 'c' },
      c: { backends: [at(await unusedPort())], retries: { attempts: 1 } },
    },
  });
  expect((await (await connectRaw(proxy.port)).request(get('/'))).status).toBe(502);
  expect(await entry(proxy)).toMatchObject({ upstream: 'c', attempts: 2, error: 'connect-failed' });
});

test('a request that may have had its effect goes to no fallback', async () => {
  const broken = await startRawBackend((request) => void request.connection.socket.resetAndDestroy());
  const other = await startRawBackend();
  const proxy = await startProxy({
    upstreams: {
      site: { backends: [at(broken.port)], fallback: 'other' },
      other: { backends: [at(other.port)] },
    },
  });
  const client = await connectRaw(proxy.port);
  expect((await client.request(post('/', 'x'))).status).toBe(502);
  expect(other.requests).toHaveLength(0);
});

test('an answer of a backend is an answer, whatever its status', async () => {
  const busy = await startRawBackend((request) =>
    request.reply('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n'),
  );
  const proxy = await startProxy({
    upstreams: {
      site: { backends: [at(busy.port)], fallback: 'other', retries: { attempts: 2, on: [503] } },
      other: { backends: [at(9)] },
    },
  });
  expect((await (await connectRaw(proxy.port)).request(get('/'))).status).toBe(503);
  expect((await entry(proxy)).upstream).toBe('site');
});
