import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import cache from '../../../plugins/builtin/cache/cache.ts';
import compress from '../../../plugins/builtin/compress/compress.ts';
import type { PluginHooks } from '../../../plugins/contract/hooks.ts';
import { TestContext } from '../../../plugins/testing/test-context.ts';
import { chainOf, instanceOf } from '../../support/plugin-chain.ts';
import { poll } from '../../support/poll.ts';
import { ok, startRawBackend, type BackendScript } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { entry, startProxy } from '../http1/setup.ts';

async function hooksOf(options: unknown = {}): Promise<PluginHooks> {
  const result = await cache.options['~standard'].validate(options);
  if (result.issues !== undefined) throw new Error(JSON.stringify(result.issues));
  return cache.create(result.value, new TestContext({}));
}

async function start(script: BackendScript, options: unknown = {}) {
  const backend = await startRawBackend(script);
  const instance = instanceOf(await hooksOf(options));
  const proxy = await startProxy({ backendPort: backend.port, plugins: chainOf(instance) });
  return { proxy, backend, instance };
}

const FRESH = 'Cache-Control: max-age=60\r\nETag: "1"';

test('one answer serves many, whole, in part and not at all', async () => {
  const { proxy, backend } = await start((request) => request.reply(ok('0123456789', FRESH)));
  const client = await connectRaw(proxy.port);
  expect((await client.request(get('/a'))).header('cache-status')).toContain('stored');
  const hit = await client.request(get('/a'));
  expect(hit.body).toBe('0123456789');
  expect(hit.header('content-length')).toBe('10');
  expect(hit.header('cache-status')).toMatch(/^Tidegate; hit; ttl=\d+$/);
  const part = await client.request(get('/a', 'Range: bytes=0-3'));
  expect([part.status, part.body, part.header('content-range')]).toEqual([206, '0123', 'bytes 0-3/10']);
  const same = await client.request(get('/a', 'If-None-Match: "1"'));
  expect([same.status, same.body]).toEqual([304, '']);
  expect(backend.requests).toHaveLength(1);
  expect((await entry(proxy, 4)).fields).toEqual({ cache: 'hit' });
});

test('an answer that breaks off is not kept', async () => {
  const { proxy, backend } = await start((request) => {
    request.reply(`HTTP/1.1 200 OK\r\n${FRESH}\r\nContent-Length: 10\r\n\r\n01234`);
    request.connection.socket.end();
  });
  for (let i = 0; i < 2; i++) {
    const client = await connectRaw(proxy.port);
    client.send(get('/a'));
    await client.end();
    expect(client.buffered).toContain('01234');
    expect(backend.requests).toHaveLength(i + 1);
  }
});

test('those who wait get the answer of another one when the client of the first one leaves in the middle', async () => {
  const { proxy, backend } = await start((request) => {
    if (backend.requests.length > 1) return request.reply(ok('0123456789', FRESH));
    request.reply(`HTTP/1.1 200 OK\r\n${FRESH}\r\nContent-Length: 10\r\n\r\n01234`);
  });
  const first = await connectRaw(proxy.port);
  first.send(get('/a'));
  await poll(() => first.buffered.includes('01234'));
  const waiting = await Promise.all([connectRaw(proxy.port), connectRaw(proxy.port)]);
  const answers = waiting.map((client) => client.request(get('/a')));
  await poll(() => proxy.service.counters.inFlight === 3);
  first.socket.destroy();
  expect((await Promise.all(answers)).map(({ body }) => body)).toEqual(['0123456789', '0123456789']);
  expect(backend.requests).toHaveLength(2);
});

test('a stale answer is revalidated, and its client may have it already', async () => {
  const { proxy, backend } = await start((request) =>
    request.reply(
      request.header('if-none-match') === '"1"'
        ? 'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n'
        : ok('0123456789', 'Cache-Control: max-age=0\r\nETag: "1"'),
    ),
  );
  const client = await connectRaw(proxy.port);
  await client.request(get('/a'));
  const again = await client.request(get('/a'));
  expect([again.status, again.body]).toEqual([200, '0123456789']);
  expect(again.header('cache-status')).toContain('fwd=stale; fwd-status=304');
  const has = await client.request(get('/a', 'If-None-Match: "0", "1"'));
  expect(has.status).toBe(304);
  expect(backend.requests.map((each) => each.header('if-none-match'))).toEqual([null, '"1"', '"1"']);
});

test('a stale answer stands in for a backend that is gone', async () => {
  const { proxy, backend } = await start((request) => {
    if (backend.requests.length > 1) return void request.connection.socket.destroy();
    request.reply(ok('0123456789', 'Cache-Control: max-age=0, stale-if-error=60'));
  });
  const client = await connectRaw(proxy.port);
  for (let i = 0; i < 3; i++) expect((await client.request(get('/a'))).body).toBe('0123456789');
  expect((await entry(proxy, 3)).fields).toEqual({ cache: 'stale' });
});

test('an answer of more than `largest` streams through, and is not kept', async () => {
  const body = 'x'.repeat(100_000);
  const { proxy, backend } = await start(
    (request) =>
      request.reply(
        `HTTP/1.1 200 OK\r\n${FRESH}\r\nTransfer-Encoding: chunked\r\n\r\n186a0\r\n${body}\r\n0\r\n\r\n`,
      ),
    { memory: { largest: '64KiB' } },
  );
  const client = await connectRaw(proxy.port);
  for (let i = 0; i < 2; i++) expect((await client.request(get('/a'))).body).toBe(body);
  expect(backend.requests).toHaveLength(2);
});

test('behind `compress` it keeps what was packed, for those who take it so', async () => {
  const options = await compress.options['~standard'].validate({});
  if (options.issues !== undefined) throw new Error('options');
  const backend = await startRawBackend((request) =>
    request.reply(ok('word '.repeat(1000), `${FRESH}\r\nContent-Type: text/plain`)),
  );
  const packing = await compress.create(options.value, new TestContext({}));
  const plugins = chainOf(instanceOf(await hooksOf()), instanceOf(packing));
  const proxy = await startProxy({ backendPort: backend.port, plugins });
  const client = await connectRaw(proxy.port);
  for (let i = 0; i < 2; i++) {
    const packed = await client.request(get('/a', 'Accept-Encoding: gzip'));
    expect(packed.header('content-encoding')).toBe('gzip');
    expect(gunzipSync(Buffer.from(packed.body, 'latin1')).toString()).toHaveLength(5000);
    expect((await client.request(get('/a'))).body).toHaveLength(5000);
  }
  expect(backend.requests).toHaveLength(2);
});
