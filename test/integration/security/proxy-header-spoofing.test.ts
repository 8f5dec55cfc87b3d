import { expect, test } from 'vitest';
import { poll } from '../../support/poll.ts';
import { startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get, type RawClient } from '../../support/raw-client.ts';
import { recordingLog, type LoggedLine } from '../../support/recording-log.ts';
import { startProxy } from '../http1/setup.ts';

const V1 = 'PROXY TCP4 10.0.0.1 198.51.100.1 4711 443\r\n';

async function connect(proxyProtocol: Readonly<Record<string, unknown>>) {
  const backend = await startRawBackend();
  const { log, lines } = recordingLog();
  const proxy = await startProxy({ listener: { proxyProtocol }, backendPort: backend.port, log });
  return { client: await connectRaw(proxy.port), backend, proxy, lines };
}

/** Closed without an answer, with one line in the log. */
async function expectClosed(client: RawClient, lines: readonly LoggedLine[], problem: string): Promise<void> {
  await client.end();
  expect(client.buffered).toBe('');
  await poll(() => lines.length > 0);
  expect(lines.map(({ level, fields }) => [level, fields['peer'], fields['problem']])).toEqual([
    ['warn', '127.0.0.1', expect.stringContaining(problem)],
  ]);
}

test('a client that is not among the trusted proxies can not name itself', async () => {
  const { client, backend, lines, proxy } = await connect({ trust: ['192.0.2.0/24'] });
  client.send(`${V1}${get('/')}`);
  await expectClosed(client, lines, 'not in proxyProtocol.trust');
  expect([backend.requests.length, proxy.service.counters.refused]).toEqual([0, 1]);
});

test('a trusted proxy that sends no header is not served as if it were the client', async () => {
  const { client, backend, lines } = await connect({ trust: ['127.0.0.1'] });
  client.send(get('/'));
  await expectClosed(client, lines, 'no header of the PROXY protocol');
  expect(backend.requests).toHaveLength(0);
});

test('a malformed header ends the connection as soon as it shows', async () => {
  const { client, lines } = await connect({ trust: ['127.0.0.1'] });
  client.send('PROXY TCP4 10.0.0.01 198.51.100.1 4711 443\r\n');
  await expectClosed(client, lines, 'not IPv4');
});

test('a second header is no request', async () => {
  const { client, backend } = await connect({ trust: ['127.0.0.1'] });
  client.send(`${V1}${V1}${get('/')}`);
  expect((await client.answer()).status).toBe(400);
  expect(backend.requests).toHaveLength(0);
});

test('a header on a listener that asks for none is no request', async () => {
  const backend = await startRawBackend();
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  client.send(`${V1}${get('/')}`);
  expect((await client.answer()).status).toBe(400);
  expect(backend.requests).toHaveLength(0);
});

test.each(['', 'PROXY TCP4 10.0.0.1'])('a header that stops after %j is not waited for', async (begun) => {
  const { client, lines } = await connect({ trust: ['127.0.0.1'], timeout: '100ms' });
  client.send(begun);
  await expectClosed(client, lines, 'no whole header within 100 ms');
});

test('a connection that ends in mid-header is told of, one that says nothing is not', async () => {
  const { client, lines, proxy } = await connect({ trust: ['127.0.0.1'] });
  const silent = await connectRaw(proxy.port);
  silent.socket.end();
  await silent.end();
  client.send('PROXY ');
  client.socket.end();
  await expectClosed(client, lines, 'ended in mid-header');
});

test('connections in a loop do not fill the log', async () => {
  const { lines, proxy } = await connect({ trust: ['192.0.2.0/24'] });
  for (let i = 0; i < 20; i++) await (await connectRaw(proxy.port)).end();
  expect(proxy.service.counters.refused).toBeGreaterThanOrEqual(20);
  expect(lines.length).toBeLessThan(5);
});
