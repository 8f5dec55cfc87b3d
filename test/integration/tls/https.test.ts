import { expect, test } from 'vitest';
import { connectTls } from '../../support/tls-client.ts';
import { request, startHttps } from './setup.ts';

test('requests come over TLS, one after the other, and the backend hears that it was https', async () => {
  const { proxy, backend } = await startHttps();
  const client = await connectTls(proxy.port);
  for (const _ of [1, 2]) {
    client.send(request);
    expect(await client.answer()).toMatchObject({ status: 200, body: 'hello' });
  }
  const received = await backend.request(0);
  expect(received.header('x-forwarded-proto')).toBe('https');
  expect(received.header('forwarded')).toContain('proto=https');
  expect(client.tls.getProtocol()).toBe('TLSv1.3');
});

test('TLS 1.2, and a large body both ways', async () => {
  const body = 'x'.repeat(300_000);
  const { proxy, backend } = await startHttps({
    answer: `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  });
  const client = await connectTls(proxy.port, { maxVersion: 'TLSv1.2' });
  client.send(`POST / HTTP/1.1\r\nHost: one.test\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  expect((await client.answer()).body).toBe(body);
  expect(await (await backend.request(0)).body()).toBe(body);
});

test('ALPN settles on http/1.1 where the client offers it, too', async () => {
  const { proxy } = await startHttps();
  const client = await connectTls(proxy.port, { ALPNProtocols: ['spdy/3', 'http/1.1'] });
  expect(client.tls.alpnProtocol).toBe('http/1.1');
});

test('a connection ends with close_notify when its exchange was the last', async () => {
  const { proxy } = await startHttps();
  const client = await connectTls(proxy.port);
  client.send('GET / HTTP/1.1\r\nHost: one.test\r\nConnection: close\r\n\r\n');
  expect((await client.answer()).status).toBe(200);
  expect(await client.end()).toBe('fin');
});

test('an answer that breaks off ends in a reset', async () => {
  const { proxy, backend } = await startHttps({
    answer: 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf',
  });
  const client = await connectTls(proxy.port);
  client.send(request);
  await client.until(() => (client.buffered.endsWith('half') ? true : null), 'half an answer');
  backend.connections[0]?.socket.destroy();
  expect(await client.end()).toBe('reset');
});
