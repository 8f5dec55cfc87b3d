import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadRules, type LoadedRules } from 'tidegate/testing';

let rules: LoadedRules;
beforeAll(async () => {
  rules = await loadRules(new URL('./by-protocol.ts', import.meta.url));
});
afterAll(() => rules.close());

test('it asks for the first bytes', async () => {
  expect(await rules.connect()).toEqual({ kind: 'inspect', bytes: 8, timeoutMs: null });
});

test.each([
  ['OpenSSH', 'SSH-2.0-OpenSSH_9.2', 'ssh'],
  ['a client that waits for the server', '', 'ssh'],
  ['a ClientHello', Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0, 1), 'https'],
  ['a request', 'GET / HTTP/1.1\r\n', 'http'],
  ['a request with a long method', 'OPTIONS * HTTP/1.1\r\n', 'http'],
])('%s', async (_, bytes, upstream) => {
  expect(await rules.connect({ bytes })).toEqual({ kind: 'forward', upstream });
});

test.each(['\0\0\0\0\0\0\0\0', 'SSH', 'get / http/1.1'])('%j is let in nowhere', async (bytes) => {
  expect(await rules.connect({ bytes })).toEqual({ kind: 'deny' });
});
