import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import staticFiles from '../../../plugins/builtin/static/static.ts';
import { hooksOf } from '../../support/builtin-hooks.ts';
import { chainOf, instanceOf } from '../../support/plugin-chain.ts';
import { poll } from '../../support/poll.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { folderWith, openFiles } from '../../unit/plugins/static/files.ts';
import { ask, http2Session } from '../http2/setup.ts';
import { entry, startProxy } from '../http1/setup.ts';

const BIG = 24 * 1024 * 1024;
const big = Buffer.alloc(BIG, 'old');

async function serve(files: Readonly<Record<string, string | Uint8Array>>, options: object = {}) {
  const folder = folderWith(files);
  const hooks = await hooksOf(staticFiles, { root: 'public', ...options }, { folder });
  const plugin = instanceOf(hooks);
  const proxy = await startProxy({ listener: { http2: true }, plugins: chainOf(plugin) });
  return { folder, proxy, plugin };
}

test('a file, a part of it and its head are told of alike, on one connection', async () => {
  const { proxy } = await serve({ 'public/a.txt': 'abcdefghij' });
  const client = await connectRaw(proxy.port);
  const whole = await client.request(get('/a.txt'));
  expect([whole.status, whole.body, whole.header('content-length')]).toEqual([200, 'abcdefghij', '10']);
  const head = await client.request(get('/a.txt').replace('GET', 'HEAD'));
  expect([head.status, head.header('content-length'), head.header('etag')]).toEqual([
    200,
    '10',
    whole.header('etag'),
  ]);
  const part = await client.request(get('/a.txt', 'Range: bytes=2-4'));
  expect([part.status, part.body, part.header('content-range')]).toEqual([206, 'cde', 'bytes 2-4/10']);
  const beyond = await client.request(get('/a.txt', 'Range: bytes=10-'));
  expect([beyond.status, beyond.header('content-range')]).toEqual([416, 'bytes */10']);
  expect((await client.request(get('/a.txt'))).body).toBe('abcdefghij');
});

test('who has the file gets a 304 without a body, and a part only of the version that is begun', async () => {
  const { proxy, folder } = await serve({ 'public/a.txt': 'first version' });
  const client = await connectRaw(proxy.port);
  const etag = (await client.request(get('/a.txt'))).header('etag') ?? '';
  const known = await client.request(get('/a.txt', `If-None-Match: ${etag}`));
  expect([known.status, known.header('content-length'), known.header('etag')]).toEqual([304, null, etag]);
  const rest = get('/a.txt', 'Range: bytes=6-', `If-Range: ${etag}`);
  expect((await client.request(rest)).body).toBe('version');
  writeFileSync(join(folder, 'public/a.txt'), 'another version');
  const anew = await client.request(rest);
  expect([anew.status, anew.body]).toEqual([200, 'another version']);
});

test('a packed file goes out as it is, its version is another one', async () => {
  const packed = gzipSync('x'.repeat(1000));
  const { proxy } = await serve(
    { 'public/a.js': 'x'.repeat(1000), 'public/a.js.gz': packed },
    { precompressed: ['gzip'] },
  );
  const client = await connectRaw(proxy.port);
  const answer = await client.request(get('/a.js', 'Accept-Encoding: gzip'));
  expect(Buffer.from(answer.body, 'latin1').equals(packed)).toBe(true);
  expect([answer.header('content-encoding'), answer.header('vary')]).toEqual(['gzip', 'Accept-Encoding']);
  const plain = await client.request(get('/a.js'));
  expect([plain.body.length, plain.header('content-encoding')]).toEqual([1000, null]);
  expect(plain.header('etag')).not.toBe(answer.header('etag'));
});

test.each([
  '/../secret.txt',
  '/%2e%2e/secret.txt',
  '/..%2fsecret.txt',
  '/..%5csecret.txt',
  '/..\\secret.txt',
  '/a/../../secret.txt',
  '/a/%2e%2e/%2e%2e/secret.txt',
  '/.%2e/secret.txt',
  '/%252e%252e/secret.txt',
  '/..%c0%afsecret.txt',
  '/..%00/secret.txt',
  '/secret.txt%00.html',
  '//../secret.txt',
  '/..;/secret.txt',
  '/%2e%2e%2fsecret.txt',
  'http://example.test/../secret.txt',
  '../secret.txt',
])('attack: %s leads nowhere', async (target) => {
  const { proxy } = await serve({ 'public/a/index.html': 'page', 'secret.txt': 'the secret' });
  const { status, body } = await (await connectRaw(proxy.port)).request(get(target));
  expect([400, 404]).toContain(status);
  expect(body).not.toContain('the secret');
});

test('a file that is replaced while it is sent is sent as it was, and the next request gets the new one', async () => {
  const { proxy, folder } = await serve({ 'public/big': big, 'public/next': Buffer.alloc(BIG, 'new') });
  const client = await connectRaw(proxy.port);
  client.socket.pause();
  client.send(get('/big'));
  await poll(() => openFiles(folder) > 0);
  renameSync(join(folder, 'public/next'), join(folder, 'public/big'));
  client.socket.resume();
  const answer = await client.answer();
  expect(Buffer.from(answer.body, 'latin1').equals(big)).toBe(true);
  expect((await client.request(get('/big'))).body.startsWith('newnew')).toBe(true);
});

test('a file that becomes shorter while it is sent is cut off, so that it does not look whole', async () => {
  const { proxy, folder, plugin } = await serve({ 'public/big': big });
  const client = await connectRaw(proxy.port);
  client.socket.pause();
  client.send(get('/big'));
  await poll(() => openFiles(folder) > 0);
  writeFileSync(join(folder, 'public/big'), 'short');
  client.socket.resume();
  await expect(client.answer()).rejects.toThrow();
  expect((await entry(proxy)).error).toBe('plugin-fault');
  expect(plugin.faults.length).toBe(1);
  await poll(() => openFiles(folder) === 0);
});

test('a client that leaves in the middle leaves no file open', async () => {
  const { proxy, folder } = await serve({ 'public/big': big });
  const client = await connectRaw(proxy.port);
  client.socket.pause();
  client.send(get('/big'));
  await poll(() => openFiles(folder) > 0);
  client.socket.destroy();
  expect((await entry(proxy)).error).toBe('client-abort');
  await poll(() => openFiles(folder) === 0);
});

test('HTTP/2 gets files, parts and heads alike, many at a time', async () => {
  const { proxy, folder } = await serve({ 'public/a.txt': 'abcdefghij', 'public/big': big });
  const session = http2Session(proxy.port);
  const [whole, part, head, large] = await Promise.all([
    ask(session, { ':path': '/a.txt' }),
    ask(session, { ':path': '/a.txt', range: 'bytes=-3' }),
    ask(session, { ':path': '/a.txt', ':method': 'HEAD' }),
    ask(session, { ':path': '/big' }),
  ]);
  expect([whole.status, whole.body]).toEqual([200, 'abcdefghij']);
  expect([part.status, part.body]).toEqual([206, 'hij']);
  expect([head.status, head.headers['content-length'], head.body]).toEqual([200, '10', '']);
  expect([large.headers['content-length'], large.body.length]).toEqual([String(BIG), BIG]);
  const known = await ask(session, { ':path': '/a.txt', 'if-none-match': String(whole.headers['etag']) });
  expect([known.status, known.body]).toEqual([304, '']);
  const stream = session.request({ ':path': '/big' });
  await poll(() => openFiles(folder) > 0);
  stream.close();
  await poll(() => openFiles(folder) === 0);
});
