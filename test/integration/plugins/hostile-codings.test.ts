import { brotliCompressSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { PluginInstance } from '../../../plugins/contract/chain.ts';
import type { BodyHook, BodyTransform } from '../../../plugins/contract/message.ts';
import { chainOf, instanceOf, SKIP } from '../../support/plugin-chain.ts';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get, post } from '../../support/raw-client.ts';
import { entry, startProxy } from '../http1/setup.ts';

/** What is wrong with coded content is held against who has sent it: else strangers could have a plugin's breaker break it off. */

const same: BodyTransform = { data: (piece, push) => push(piece) };
const decoded = (): BodyHook => ({ transform: same, decoded: true });
/** One byte in a frame that asks for a window of 128 MiB (RFC 8878 3.1.1.1.2). */
const wide = Buffer.from('28b52ffd008809000078', 'hex');
const bomb = brotliCompressSync(Buffer.alloc(64 * 1024 * 1024));

function coded(bytes: Uint8Array, coding: string): string {
  return post('/', Buffer.from(bytes).toString('latin1'), `Content-Encoding: ${coding}`);
}

async function send(request: string, onError: PluginInstance['onError'] = { kind: 'fail', status: 503 }) {
  const backend = await startRawBackend(async (received) => received.reply(ok(await received.body())));
  const plugin = instanceOf({ requestBody: decoded }, onError);
  const proxy = await startProxy({ backendPort: backend.port, plugins: chainOf(plugin) });
  const client = await connectRaw(proxy.port);
  const answer = await client.request(request);
  return { answer, plugin, backend, error: (await entry(proxy)).error };
}

test.each([
  ['is none', 'gzip', Buffer.from('no gzip at all'), 400, 'request-malformed'],
  ['ends early', 'gzip', gzipSync('x'.repeat(100)).subarray(0, -9), 400, 'request-malformed'],
  ['is a bomb', 'br', bomb, 413, 'request-body-too-large'],
  ['wants much memory', 'zstd', wide, 400, 'request-malformed'],
  ['has a coding that nobody knows', 'rot13', Buffer.from('uryyb'), 415, 'content-coding-unsupported'],
])('a request whose coded content %s is the fault of its client', async (_, coding, bytes, status, code) => {
  const { answer, plugin, backend, error } = await send(coded(bytes, coding));
  expect([answer.status, error, plugin.faults]).toEqual([status, code, []]);
  expect(answer.header('accept-encoding')).toBe(status === 415 ? 'gzip, deflate, br, zstd' : null);
  expect(backend.received()).not.toContain('\r\n0\r\n\r\n');
});

test('a plugin that may be skipped is, where a coding is not known', async () => {
  const { answer, plugin } = await send(coded(Buffer.from('uryyb'), 'rot13'), SKIP);
  expect([answer.body, plugin.faults]).toEqual(['uryyb', []]);
});

test.each([
  ['is none', 'gzip', 'no gzip at all'],
  ['ends early', 'gzip', gzipSync('x'.repeat(100)).subarray(0, -9).toString('latin1')],
])(
  'an answer whose coded content %s is the fault of its backend, and is cut off',
  async (_, coding, body) => {
    const backend = await startRawBackend((request) =>
      request.reply(ok(body, `Content-Encoding: ${coding}`)),
    );
    const plugin = instanceOf({ responseBody: decoded });
    const proxy = await startProxy({ backendPort: backend.port, plugins: chainOf(plugin) });
    const client = await connectRaw(proxy.port);
    await expect(client.request(get('/'))).rejects.toThrow('reset');
    expect([(await entry(proxy)).error, plugin.faults]).toEqual(['response-malformed', []]);
  },
);

test('a part of coded content, which a client may ask for, is not counted against the plugin', async () => {
  const backend = await startRawBackend((request) =>
    request.reply(
      'HTTP/1.1 206 Partial Content\r\nContent-Encoding: gzip\r\nContent-Range: bytes 0-1/9\r\nContent-Length: 2\r\n\r\nab',
    ),
  );
  const plugin = instanceOf({ responseBody: decoded });
  const proxy = await startProxy({ backendPort: backend.port, plugins: chainOf(plugin) });
  const { status } = await (await connectRaw(proxy.port)).request(get('/'));
  expect([status, (await entry(proxy)).error, plugin.faults]).toEqual([500, 'plugin-fault', []]);
});

test('what a plugin answers itself with, and is not what it says, is the fault of that plugin', async () => {
  const looking = instanceOf({ responseBody: decoded });
  const answering = instanceOf({
    request: () => ({ status: 200, headers: { 'Content-Encoding': 'gzip' }, body: 'no gzip' }),
  });
  const proxy = await startProxy({ plugins: chainOf(looking, answering) });
  const client = await connectRaw(proxy.port);
  await expect(client.request(get('/'))).rejects.toThrow('reset');
  await entry(proxy);
  expect([looking.faults.length, answering.faults.length]).toEqual([0, 1]);
});
