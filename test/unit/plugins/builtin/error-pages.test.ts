import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import errorPages from '../../../../plugins/builtin/error-pages.ts';
import { testPlugin, type TestBackendAnswer } from '../../../../plugins/testing.ts';
import { poll } from '../../../support/poll.ts';

async function makeFolder(files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'error-pages-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  return folder;
}

const ours = (status: number): TestBackendAnswer => ({ status, body: 'plain', from: 'proxy' });

test('an answer of Tidegate gets the page for its status', async () => {
  const folder = await makeFolder({
    '404.html': '<style>a { b: c }</style><p>{{ status }} {{reason}}: {{path}}</p>',
    'all.html': '<p>{{status}}</p>',
  });
  const pages = [
    { status: [404], file: '404.html' },
    { status: ['4xx', '5xx'], file: 'all.html' },
  ];
  await using tested = await testPlugin(errorPages, { pages }, { folder });
  const answer = await tested.request(
    { url: '/x' },
    { ...ours(404), headers: { 'X-Request-ID': '1', ETag: '"x"' } },
  );
  expect(answer).toMatchObject({ status: 404, text: '<style>a { b: c }</style><p>404 Not Found: /x</p>' });
  expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(answer.headers.get('x-request-id')).toBe('1');
  expect(answer.headers.has('etag')).toBe(false);
  expect((await tested.request({}, ours(502))).text).toBe('<p>502</p>');
  expect((await tested.request({}, ours(200))).text).toBe('plain');
});

test('answers of backends are left alone unless they are asked for, and keep what they say beside the content', async () => {
  const folder = await makeFolder({ 'all.html': 'page' });
  const pages = [{ status: ['5xx'], file: 'all.html' }];
  const backend = {
    status: 503,
    body: 'own',
    headers: { 'Retry-After': '7', 'Set-Cookie': ['a=1', 'b=2'], 'Content-Encoding': 'br' },
  };
  await using tested = await testPlugin(errorPages, { pages }, { folder });
  expect((await tested.request({}, backend)).text).toBe('own');
  await using all = await testPlugin(errorPages, { pages, backends: true }, { folder });
  const answer = await all.request({}, backend);
  expect(answer.text).toBe('page');
  expect(answer.headers.get('retry-after')).toBe('7');
  expect(answer.headers.getAll('set-cookie')).toEqual(['a=1', 'b=2']);
  expect(answer.headers.has('content-encoding')).toBe(false);
});

test('the client’s kind of page is chosen', async () => {
  const folder = await makeFolder({ 'a.html': 'html', 'a.json': '{"path":"{{path}}"}', 'a.txt': 'text' });
  const pages = ['a.html', 'a.json', 'a.txt'].map((file) => ({ status: ['4xx'], file }));
  await using tested = await testPlugin(errorPages, { pages }, { folder });
  const typeFor = async (accept?: string): Promise<string | null> => {
    const headers = accept === undefined ? {} : { Accept: accept };
    return (await tested.request({ headers }, ours(404))).headers.get('content-type');
  };
  expect(await typeFor()).toContain('html');
  expect(await typeFor('*/*')).toContain('html');
  expect(await typeFor('application/json')).toContain('json');
  expect(await typeFor('text/html;q=0, text/plain')).toContain('plain');
  expect(await typeFor('image/png')).toContain('html');
});

test('attack: what a client sends is no script in a page', async () => {
  const folder = await makeFolder({
    'a.html': '<p>{{header.x-name}}</p>',
    'a.json': '{"x":"{{header.x-name}}"}',
  });
  const pages = ['a.html', 'a.json'].map((file) => ({ status: ['4xx'], file }));
  await using tested = await testPlugin(errorPages, { pages }, { folder });
  const headers = { 'x-name': `<script>"'&\\` };
  expect((await tested.request({ headers }, ours(404))).text).toBe(
    '<p>&#60;script&#62;&#34;&#39;&#38;\\</p>',
  );
  const json = await tested.request({ headers: { ...headers, Accept: 'application/json' } }, ours(404));
  expect(JSON.parse(json.text)).toEqual({ x: headers['x-name'] });
});

test('a page is read again when it changes, unless it is wrong', async () => {
  const folder = await makeFolder({ 'a.txt': 'one' });
  await using tested = await testPlugin(
    errorPages,
    { pages: [{ status: [404], file: 'a.txt' }] },
    { folder },
  );
  await writeFile(join(folder, 'a.txt'), 'two');
  tested.fileChanged('a.txt');
  await poll(async () => (await tested.request({}, ours(404))).text === 'two');
  await writeFile(join(folder, 'a.txt'), '{{nothing}}');
  tested.fileChanged('a.txt');
  await poll(() => tested.logs.some(({ fields }) => String(fields['reason']).includes('{{nothing}}')));
  expect((await tested.request({}, ours(404))).text).toBe('two');
});

test.each([
  [{ status: [200], file: 'a.txt' }, 'pages.0.status.0: expected a status from 400 to 599'],
  [{ status: [404], file: 'a.php' }, 'pages.0.file: expected the path of a .html'],
  [{ status: [404], file: 'missing.txt' }, 'missing.txt'],
  [{ status: [404], file: 'a.txt' }, 'there is no placeholder {{stats}}; did you mean `status`?'],
])('a wrong page is refused: %j', async (page, message) => {
  const folder = await makeFolder({ 'a.txt': '{{stats}}' });
  await expect(testPlugin(errorPages, { pages: [page] }, { folder })).rejects.toThrow(message);
});
