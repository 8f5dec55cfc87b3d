import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import compress from '../../../../plugins/builtin/compress/compress.ts';
import { testPlugin } from '../../../../plugins/testing.ts';

const TEXT = 'Lorem ipsum dolor sit amet. '.repeat(200);
const page = { headers: { 'Content-Type': 'text/html; charset=utf-8', ETag: '"1"' }, body: TEXT };

async function codingFor(acceptEncoding: string | undefined, options = {}, answer: object = page) {
  await using tested = await testPlugin(compress, options);
  const headers = acceptEncoding === undefined ? {} : { 'Accept-Encoding': acceptEncoding };
  return (await tested.request({ headers }, answer)).headers.get('content-encoding');
}

test.each([
  ['gzip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['br', 'br'],
  ['gzip, deflate, br, zstd', 'zstd'],
  ['GZIP;q=0.5, br;q=0.8, zstd;q=0.1', 'br'],
  ['gzip;q=1.0, *;q=0.5', 'gzip'],
  ['gzip;q=0.2, *', 'zstd'],
  ['*', 'zstd'],
  ['zstd;q=0, *', 'br'],
  ['identity;q=1, gzip;q=0.5', null],
  ['identity;q=0.5, gzip', 'gzip'],
  ['identity;q=0, gzip;q=0.1', 'gzip'],
  ['gzip;q=0', null],
  ['gzip;q=0.000', null],
  ['gzip;q=much', null],
  ['gzip;q=2', null],
  ['*;q=0', null],
  ['deflate, compress', null],
  ['', null],
  [undefined, null],
])('Accept-Encoding: %s gives %s', async (field, coding) => {
  expect(await codingFor(field)).toBe(coding);
});

test('the order of the codings decides between equals', async () => {
  expect(await codingFor('gzip, br, zstd', { codings: ['br', 'gzip'] })).toBe('br');
  expect(await codingFor('zstd', { codings: ['br', 'gzip'] })).toBeNull();
});

test.each([
  ['gzip', gunzipSync],
  ['br', brotliDecompressSync],
  ['zstd', zstdDecompressSync],
])('%s gives the content back', async (coding, unpack) => {
  await using tested = await testPlugin(compress);
  const body = [TEXT, null, Buffer.alloc(100_000, 'ab'), 'x', null, TEXT];
  const answer = await tested.request(
    { headers: { 'Accept-Encoding': coding } },
    { headers: { 'Content-Type': 'text/plain' }, body },
  );
  expect(unpack(answer.body).toString()).toBe(`${TEXT}${'ab'.repeat(50_000)}x${TEXT}`);
  expect(answer.body.length).toBeLessThan(1000);
  expect(tested.status()).toMatchObject({ compressed: 1, bytesOut: answer.body.length });
});

test('an answer of unknown length may be empty', async () => {
  await using tested = await testPlugin(compress);
  const answer = await tested.request(
    { headers: { 'Accept-Encoding': 'gzip' } },
    { headers: { 'Content-Type': 'text/plain' }, body: [] },
  );
  expect(gunzipSync(answer.body)).toHaveLength(0);
});

test('who refuses content as it is gets it packed whatever it is', async () => {
  const picture = { headers: { 'Content-Type': 'image/jpeg' }, body: 'small' };
  expect(await codingFor('gzip, identity;q=0', {}, picture)).toBe('gzip');
  expect(await codingFor('gzip, *;q=0', {}, picture)).toBe('gzip');
  expect(await codingFor('identity;q=0', {}, picture)).toBeNull();
});
