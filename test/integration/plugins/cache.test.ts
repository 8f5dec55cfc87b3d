import { expect, test } from 'vitest';
import cache from '../../../plugins/builtin/cache/cache.ts';
import type { PluginHooks } from '../../../plugins/contract/hooks.ts';
import { TestContext } from '../../../plugins/testing/test-context.ts';
import { chainOf, instanceOf } from '../../support/plugin-chain.ts';
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
