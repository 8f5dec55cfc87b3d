import { expect, test } from 'vitest';
import compress from '../../../../plugins/builtin/compress/compress.ts';
import { testPlugin, type TestBackendAnswer } from '../../../../plugins/testing.ts';

const TEXT = 'Lorem ipsum dolor sit amet. '.repeat(200);
const gzip = { headers: { 'Accept-Encoding': 'gzip' } };

async function answered(answer: TestBackendAnswer, request: object = gzip, options = {}) {
  await using tested = await testPlugin(compress, options);
  return await tested.request(request, answer);
}

test('a packed answer says so: coding, Vary, a weak tag, no length, no ranges', async () => {
  const { headers } = await answered({
    headers: { 'Content-Type': 'text/css', ETag: '"7"', 'Accept-Ranges': 'bytes', Vary: 'Origin' },
    body: TEXT,
  });
  expect(Object.fromEntries(headers)).toEqual({
    'Content-Type': 'text/css',
    'Content-Encoding': 'gzip',
    ETag: 'W/"7"',
    Vary: 'Origin, Accept-Encoding',
  });
});

test('HEAD says what GET says', async () => {
  const answer = { headers: { 'Content-Type': 'text/css', ETag: '"7"' }, body: TEXT };
  const get = await answered(answer);
  const head = await answered(answer, { ...gzip, method: 'HEAD' });
  expect(Object.fromEntries(head.headers)).toEqual(Object.fromEntries(get.headers));
  expect(head.body).toHaveLength(0);
});

test('HEAD of what stays as it is keeps its length', async () => {
  const { headers } = await answered(
    { headers: { 'Content-Type': 'image/png' }, body: TEXT },
    { ...gzip, method: 'HEAD' },
  );
  expect(headers.get('content-length')).toBe(String(TEXT.length));
  expect(headers.has('vary')).toBe(false);
});

test('who takes no coding gets the same answer as before, but with Vary', async () => {
  const answer = await answered({ headers: { 'Content-Type': 'text/css', ETag: '"7"' }, body: TEXT }, {});
  expect(answer.text).toBe(TEXT);
  expect(Object.fromEntries(answer.headers)).toEqual({
    'Content-Type': 'text/css',
    ETag: '"7"',
    Vary: 'Accept-Encoding',
    'Content-Length': String(TEXT.length),
  });
});

test.each<[string, TestBackendAnswer]>([
  ['already packed', { headers: { 'Content-Type': 'text/css', 'Content-Encoding': 'br' }, body: TEXT }],
  [
    'part of a file',
    { status: 206, headers: { 'Content-Type': 'text/css', 'Content-Range': 'bytes 0-9/20' }, body: TEXT },
  ],
  [
    'not to be changed',
    { headers: { 'Content-Type': 'text/css', 'Cache-Control': 'public, No-Transform' }, body: TEXT },
  ],
  ['small', { headers: { 'Content-Type': 'text/css' }, body: 'short' }],
  ['a picture', { headers: { 'Content-Type': 'image/webp' }, body: TEXT }],
  ['gRPC', { headers: { 'Content-Type': 'application/grpc' }, body: [TEXT] }],
  ['of no type', { body: TEXT }],
  ['with a digest', { headers: { 'Content-Type': 'text/css', 'Repr-Digest': 'sha-256=:AA==:' }, body: TEXT }],
])('an answer that is %s stays as it is', async (_, answer) => {
  const { headers, text } = await answered(answer);
  expect(headers.get('content-encoding')).not.toBe('gzip');
  expect(headers.has('vary')).toBe(false);
  expect(text).toBe(typeof answer.body === 'string' ? answer.body : TEXT);
});

test('a client may ask that nothing is changed', async () => {
  const { headers } = await answered(
    { headers: { 'Content-Type': 'text/css' }, body: TEXT },
    { headers: { 'Accept-Encoding': 'gzip', 'Cache-Control': 'no-transform' } },
  );
  expect(headers.has('content-encoding')).toBe(false);
});

test('a 304 names the tag that the client knows', async () => {
  const notModified = { status: 304, headers: { ETag: '"7"' } };
  const packed = await answered(notModified, {
    headers: { 'Accept-Encoding': 'gzip', 'If-None-Match': 'W/"7"' },
  });
  expect(packed.headers.get('etag')).toBe('W/"7"');
  expect(packed.headers.get('vary')).toBe('Accept-Encoding');
  const plain = await answered(notModified, { headers: { 'If-None-Match': '"7"' } });
  expect(plain.headers.get('etag')).toBe('"7"');
});

test('types and sizes are the config’s', async () => {
  const options = { types: ['application/*+cbor', 'image/bmp'], minSize: '10B' };
  const of = async (type: string, body = TEXT) =>
    (await answered({ headers: { 'Content-Type': type }, body }, gzip, options)).headers.get(
      'content-encoding',
    );
  expect(await of('application/senml+cbor')).toBe('gzip');
  expect(await of('Image/BMP;a=b')).toBe('gzip');
  expect(await of('image/bmp', 'short')).toBeNull();
  expect(await of('text/html')).toBeNull();
});

test('wrong options are told', async () => {
  const refused = (options: object, message: string) =>
    expect(testPlugin(compress, options)).rejects.toThrow(message);
  await refused({ codings: ['gzip', 'brotli'] }, 'options.codings.1: expected one of "zstd", "br", "gzip"');
  await refused({ codings: [] }, 'expected at least one coding');
  await refused({ levels: { gzip: 10 } }, 'options.levels.gzip: expected an integer from 1 to 9, found 10');
  await refused({ minSize: 7 }, 'options.minSize: expected a size like "64KiB", found 7');
  await refused({ types: ['html'] }, 'options.types.0: expected a media type like "text/html"');
  await refused({ type: [] }, 'unknown key `type`');
  await refused({ decompressRequests: 'yes' }, 'options.decompressRequests: expected');
});
