import {
  brotliCompressSync,
  constants,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from 'node:zlib';
import { expect, test } from 'vitest';
import compress from '../../../../plugins/builtin/compress/compress.ts';
import { testPlugin } from '../../../../plugins/testing.ts';

const TEXT = 'Lorem ipsum dolor sit amet. '.repeat(200);
const MIB = 1024 * 1024;

// Of brotli the fastest: its usual level takes a minute for a bomb.
const brotli = (content: Buffer) =>
  brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } });
const packers = { gzip: gzipSync, br: brotli, zstd: zstdCompressSync, deflate: deflateSync };

function post(body: Uint8Array, coding: string) {
  return { method: 'POST', headers: { 'Content-Encoding': coding }, body };
}

test.each(Object.entries(packers))('the backend gets a %s body plain', async (coding, pack) => {
  await using tested = await testPlugin(compress, { decompressRequests: true });
  const { request } = await tested.request(post(pack(Buffer.from(TEXT)), coding));
  expect(request?.body.toString()).toBe(TEXT);
  expect(request?.headers.has('content-encoding')).toBe(false);
  expect(request?.headers.has('content-length')).toBe(false);
});

test('deflate may come without its frame', async () => {
  await using tested = await testPlugin(compress, { decompressRequests: true });
  const { request } = await tested.request(post(deflateRawSync(TEXT), 'deflate'));
  expect(request?.body.toString()).toBe(TEXT);
});

test('requests stay as they are unless the option is set', async () => {
  await using tested = await testPlugin(compress);
  const packed = gzipSync(TEXT);
  const { request } = await tested.request(post(packed, 'gzip'));
  expect(request?.body).toEqual(packed);
  expect(request?.headers.get('content-encoding')).toBe('gzip');
});

test.each(Object.entries(packers))('a %s bomb is refused by its ratio', async (coding, pack) => {
  await using tested = await testPlugin(compress, { decompressRequests: { maxBytes: '1GiB' } });
  const answer = await tested.request(post(pack(Buffer.alloc(16 * MIB)), coding));
  expect(answer).toMatchObject({ status: 413, request: null });
});

test('a bomb behind honest bytes is refused, too: they are no credit', async () => {
  await using tested = await testPlugin(compress, { decompressRequests: { maxBytes: '1GiB', maxRatio: 10 } });
  // 2 MiB that hardly shrink would let 20 follow.
  const honest = Buffer.alloc(2 * MIB);
  for (let i = 0, x = 1; i < honest.length; i += 4) honest.writeUInt32LE((x = Math.imul(x, 48271) >>> 0), i);
  const packed = gzipSync(Buffer.concat([honest, Buffer.alloc(15 * MIB)]));
  const pieces = Array.from({ length: Math.ceil(packed.length / 65_536) }, (_, i) =>
    packed.subarray(i * 65_536, (i + 1) * 65_536),
  );
  const answer = await tested.request({ ...post(packed, 'gzip'), body: pieces });
  expect(answer).toMatchObject({ status: 413, request: null });
});

test('a body that unpacks to more than the limit is refused', async () => {
  await using tested = await testPlugin(compress, { decompressRequests: { maxBytes: '4KiB' } });
  const answer = await tested.request(post(gzipSync(TEXT), 'gzip'));
  expect(answer).toMatchObject({ status: 413, request: null });
  expect(answer.text).toContain('4096');
});

test.each([
  ['that is no gzip', Buffer.from('plain text')],
  ['that breaks off', gzipSync(TEXT).subarray(0, 40)],
  ['with bytes behind it', Buffer.concat([gzipSync(TEXT), Buffer.from('smuggled')])],
])('a body %s is the client’s fault, not the plugin’s', async (_, body) => {
  await using tested = await testPlugin(compress, { decompressRequests: true });
  expect(await tested.request(post(body, 'gzip'))).toMatchObject({ status: 400, request: null });
});

test.each(['compress', 'gzip, gzip', 'x-unknown'])(
  'a coding that would get past undone is refused: %s',
  async (coding) => {
    await using tested = await testPlugin(compress, { decompressRequests: true });
    const answer = await tested.request(post(gzipSync(gzipSync(TEXT)), coding));
    expect(answer).toMatchObject({ status: 415, request: null });
    expect(answer.headers.get('accept-encoding')).toBe('zstd, br, gzip, deflate');
  },
);
