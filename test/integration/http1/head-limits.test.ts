import { expect, test } from 'vitest';
import { startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { entry, startProxy } from './setup.ts';

const LIMITS = { head: '2KiB', headers: 10, target: '200B' };

const OVER: [string, string, number, string][] = [
  ['a head with one byte too many', get('/', `X-A: ${'x'.repeat(2100)}`), 431, 'request-head-too-large'],
  ['a head without end', `GET / HTTP/1.1\r\nX-A: ${'x'.repeat(4000)}`, 431, 'request-head-too-large'],
  ['too many fields', get('/', ...Array<string>(10).fill('x: y')), 431, 'request-head-too-large'],
  ['a target with one byte too many', get(`/${'x'.repeat(200)}`), 414, 'request-target-too-long'],
  ['a request line without end', `GET /${'x'.repeat(4000)}`, 414, 'request-target-too-long'],
];

test.each(OVER)('%s is refused and the connection ends', async (_, request, status, error) => {
  const backend = await startRawBackend();
  const proxy = await startProxy({ listener: { limits: LIMITS }, backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  const answer = await client.request(request);
  expect([answer.status, answer.header('connection')]).toEqual([status, 'close']);
  expect(await client.end()).toBe('fin');
  expect((await entry(proxy)).error).toBe(error);
  expect(proxy.service.counters.refused).toBe(1);
  expect(backend.received()).toBe('');
});

test('what just fits is served', async () => {
  const backend = await startRawBackend();
  const proxy = await startProxy({ listener: { limits: LIMITS }, backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  expect((await client.request(get(`/${'x'.repeat(199)}`))).status).toBe(200);
  expect((await client.request(get('/', ...Array<string>(9).fill('x: y')))).status).toBe(200);
  expect((await client.request(get('/', `X-A: ${'x'.repeat(1900)}`))).status).toBe(200);
});
