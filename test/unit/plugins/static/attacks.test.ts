import { execFileSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FileBody } from '../../../../plugins/builtin/static/file-body.ts';
import { readFilePath } from '../../../../plugins/builtin/static/file-path.ts';
import staticFiles from '../../../../plugins/builtin/static/static.ts';
import { testPlugin } from '../../../../plugins/testing.ts';
import { folderWith, openFiles } from './files.ts';

const FILES = {
  'secret.txt': 'secret',
  'public-not/secret.txt': 'secret',
  'public/open.txt': 'open',
  'public/sub/open.txt': 'open',
  'public/.env': 'secret',
  'public/.git/config': 'secret',
  'public/sub/.htaccess': 'secret',
};

async function start(options: object = {}) {
  const folder = folderWith(FILES);
  const tested = await testPlugin(staticFiles, { root: 'public', ...options }, { folder });
  return { folder, tested };
}

// The first of these the proxy itself refuses before plugins see them; they lead nowhere here either.
test.each([
  '/../secret.txt',
  '/sub/../../secret.txt',
  '/./open.txt',
  '/..%2Fsecret.txt',
  '/..%2fsecret.txt',
  '/sub%2F..%2F..%2Fsecret.txt',
  '/%2E%2E/secret.txt',
  '/..%5Csecret.txt',
  String.raw`/..\secret.txt`,
  '/open.txt%00.html',
  '//etc/passwd',
  '//secret.txt',
  '/sub//open.txt',
  '/sub%2Fopen.txt',
  '/%FF',
  '/%',
])('path traversal: %s leads to no file', (path) => {
  expect(readFilePath(path, true)).toBeNull();
});

test.each([
  '/..%2Fsecret.txt',
  '/sub%2F..%2F..%2Fsecret.txt',
  '/%252e%252e/secret.txt',
  '//secret.txt',
  '/../secret.txt',
])('path traversal through the plugin: %s', async (url) => {
  const { tested } = await start({ try: ['{path}', '/sub{path}'] });
  const status = await tested.request({ url }).then(
    (answer) => answer.status,
    () => 'refused before',
  );
  expect([404, 'refused before']).toContain(status);
});

test('a symbolic link that leads out of the folder is not followed', async () => {
  const { folder, tested } = await start();
  symlinkSync(join(folder, 'secret.txt'), join(folder, 'public/file'));
  symlinkSync('../public-not', join(folder, 'public/folder'));
  symlinkSync('/', join(folder, 'public/root'));
  symlinkSync('loop', join(folder, 'public/loop'));
  for (const url of ['/file', '/folder/secret.txt', '/root/etc/passwd', '/loop'])
    expect((await tested.request({ url })).status).toBe(404);
});

test('a symbolic link within the folder is followed, but not to a hidden file', async () => {
  const { folder, tested } = await start();
  symlinkSync('sub/open.txt', join(folder, 'public/link'));
  symlinkSync('.env', join(folder, 'public/env'));
  expect((await tested.request({ url: '/link' })).text).toBe('open');
  expect((await tested.request({ url: '/env' })).status).toBe(404);
});

test('hidden files are hidden unless the config says otherwise', async () => {
  const hidden = ['/.env', '/.git/config', '/sub/.htaccess', '/%2Eenv', '/.git'];
  const { tested } = await start();
  for (const url of hidden) expect((await tested.request({ url })).status).toBe(404);
  const open = await start({ dotFiles: true });
  expect((await open.tested.request({ url: '/.git/config' })).text).toBe('secret');
});

test('a folder’s redirect leads to no other host', async () => {
  const folder = folderWith({ 'public/evil.example/index.html': '' });
  const tested = await testPlugin(staticFiles, { root: 'public' }, { folder });
  expect((await tested.request({ url: '/evil.example' })).headers.get('location')).toBe('/evil.example/');
  for (const url of ['//evil.example', '///evil.example', String.raw`/\evil.example`]) {
    const answer = await tested.request({ url });
    expect([answer.status, answer.headers.get('location')]).toEqual([404, null]);
  }
});

test('a pipe in the folder holds nobody up', async () => {
  const { folder, tested } = await start();
  execFileSync('mkfifo', [join(folder, 'public/pipe')]);
  expect((await tested.request({ url: '/pipe' })).status).toBe(404);
});

test('many small or overlapping ranges get the whole, once (CVE-2011-3192)', async () => {
  const { tested } = await start();
  const ranges = Array.from({ length: 1000 }, (_, i) => `${i % 4}-`).join(',');
  const answer = await tested.request({ url: '/open.txt', headers: { Range: `bytes=${ranges}` } });
  expect([answer.status, answer.text]).toEqual([200, 'open']);
});

test('a client that goes before its file is read leaves none open', async () => {
  const folder = folderWith({ 'public/big': 'x'.repeat(1_000_000) });
  const tested = await testPlugin(staticFiles, { root: 'public' }, { folder });
  const gone = new AbortController();
  const before = openFiles(folder);
  const asked = tested.request({ url: '/big', signal: gone.signal });
  gone.abort();
  await asked;
  await expect.poll(() => openFiles(folder)).toBe(before);
});

test.each<[string, (body: FileBody, client: AbortController) => unknown]>([
  ['not read', (body) => body.return()],
  ['given up twice', async (body) => [await body.return(), await body.return()]],
  ['of a client that has gone', (_, client) => client.abort()],
])('a file that is sent to nobody is closed once: %s', async (_, leave) => {
  let closed = 0;
  const handle = { close: () => Promise.resolve((closed += 1)) };
  const client = new AbortController();
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing but close is called
  const body = new FileBody(handle as never, 0, 10, client.signal);
  await leave(body, client);
  expect(closed).toBe(1);
});
