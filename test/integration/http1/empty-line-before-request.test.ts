import { expect, test } from 'vitest';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { startProxy } from './setup.ts';

// RFC 9112 2.2: a server should ignore at least one empty line before the request line.
test('empty lines before a request are ignored, in whatever pieces it comes', async () => {
  const backend = await startRawBackend((request) => request.reply(ok(request.target)));
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  expect((await client.request(`\r\n\r\n${get('/together')}`)).body).toBe('/together');
  client.send('\r');
  await (await connectRaw(proxy.port)).request(get('/other'));
  expect((await client.request(`\n${get('/apart')}`)).body).toBe('/apart');
});

test('empty lines alone keep a connection open no longer than its idle time', async () => {
  const proxy = await startProxy({
    listener: { timeouts: { header: '150ms', idle: '150ms' } },
    backendPort: 9,
  });
  const client = await connectRaw(proxy.port);
  const lines = setInterval(() => client.send('\r\n'), 10);
  expect(await client.end()).toBe('fin');
  clearInterval(lines);
  expect(proxy.entries).toHaveLength(0);
});
