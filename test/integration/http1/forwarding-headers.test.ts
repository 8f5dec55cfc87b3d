import { expect, test } from 'vitest';
import { startRawBackend, type BackendRequest } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import type { DataPath } from '../../support/data-path.ts';
import { entry, startProxy } from './setup.ts';

async function send(
  forwarded: Readonly<Record<string, unknown>>,
  ...lines: readonly string[]
): Promise<{ proxy: DataPath; received: BackendRequest }> {
  const backend = await startRawBackend();
  const proxy = await startProxy({ listener: { forwarded }, backendPort: backend.port });
  await (await connectRaw(proxy.port)).request(get('/', ...lines));
  return { proxy, received: await backend.request(0) };
}

const SPOOFED = [
  'X-Forwarded-For: 203.0.113.9',
  'X-Forwarded-Proto: https',
  'X-Forwarded-Host: bank.test',
  'X-Forwarded-Port: 443',
  'Forwarded: for=203.0.113.9;proto=https',
  'X-Request-Id: chosen-by-client',
];

test('what an untrusted peer says of itself is replaced', async () => {
  const { proxy, received } = await send({}, ...SPOOFED);
  expect(received.header('x-forwarded-for')).toBe('127.0.0.1');
  expect(received.header('x-forwarded-proto')).toBe('http');
  expect(received.header('x-forwarded-host')).toBe('example.test');
  expect(received.header('x-forwarded-port')).toBe(String(proxy.port));
  expect(received.header('forwarded')).toBe('for=127.0.0.1;proto=http;host=example.test');
  expect(received.header('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  const { client, requestId } = await entry(proxy);
  expect([client, requestId]).toEqual(['127.0.0.1', received.header('x-request-id')]);
});

test('what an untrusted peer says of itself is dropped even where nothing replaces it, in any case and number', async () => {
  const off = { xForwarded: false, forwarded: false, via: false };
  const { received } = await send(off, ...SPOOFED, 'x-forwarded-FOR: 1.2.3.4', 'X-FORWARDED-HOST: evil.test');
  for (const name of [
    'x-forwarded-for',
    'x-forwarded-proto',
    'x-forwarded-host',
    'x-forwarded-port',
    'forwarded',
    'via',
  ]) {
    expect([name, received.header(name)]).toEqual([name, null]);
  }
});

test('what a trusted peer says is kept and continued', async () => {
  const { proxy, received } = await send({ trust: ['127.0.0.0/8'] }, ...SPOOFED);
  expect(received.header('x-forwarded-for')).toBe('203.0.113.9, 127.0.0.1');
  expect(received.header('x-forwarded-proto')).toBe('https');
  expect(received.header('x-forwarded-host')).toBe('bank.test');
  expect(received.header('x-forwarded-port')).toBe('443');
  expect(received.header('forwarded')).toBe(
    'for=203.0.113.9;proto=https, for=127.0.0.1;proto=http;host=example.test',
  );
  expect(received.header('x-request-id')).toBe('chosen-by-client');
  expect((await entry(proxy)).client).toBe('203.0.113.9');
});

test('behind a trusted peer the client is the last address that is no proxy of ours: what is left of it may be a lie', async () => {
  const { proxy } = await send(
    { trust: ['127.0.0.0/8', '10.0.0.0/8'] },
    'X-Forwarded-For: 6.6.6.6, 203.0.113.9, 10.1.1.1',
  );
  expect((await entry(proxy)).client).toBe('203.0.113.9');
});

test('a request id of a trusted peer that could break a log or a header is replaced', async () => {
  for (const id of ['"quoted"', 'a b', 'x'.repeat(200), '{}']) {
    const { received } = await send({ trust: ['127.0.0.1/32'] }, `X-Request-Id: ${id}`);
    expect(received.header('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  }
});

test('Via is continued and names the protocol received', async () => {
  const { received } = await send({}, 'Via: 1.0 first');
  expect(received.header('via')).toBe('1.0 first, 1.1 tidegate');
});
