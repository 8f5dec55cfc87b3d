import { expect, test } from 'vitest';
import staticFiles from '../../../../plugins/builtin/static/static.ts';
import { testPlugin } from '../../../../plugins/testing.ts';
import { serving } from './files.ts';

const SITE = {
  'public/index.html': '<h1>home</h1>',
  'public/app.js': 'go()',
  'public/docs/index.html': '<h1>docs</h1>',
  'public/docs/a b%.txt': 'spaces',
  'public/empty/.keep': '',
  'public/blob': 'bytes',
};

test('a file is served with its type and what tells its version', async () => {
  await using tested = await serving(SITE);
  const { status, text, headers, request } = await tested.request({ url: '/app.js?v=1' });
  expect({ status, text, request }).toEqual({ status: 200, text: 'go()', request: null });
  expect(Object.fromEntries(headers)).toEqual({
    'Content-Type': 'text/javascript; charset=utf-8',
    'Content-Length': '4',
    'Accept-Ranges': 'bytes',
    ETag: expect.stringMatching(/^"[0-9a-z]+-4"$/),
    'Last-Modified': expect.stringMatching(/ GMT$/),
  });
});

test('a folder is its index, by its own name', async () => {
  await using tested = await serving(SITE);
  expect((await tested.request({ url: '/' })).text).toBe('<h1>home</h1>');
  expect((await tested.request({ url: '/docs/' })).text).toBe('<h1>docs</h1>');
  const redirect = await tested.request({ url: '/docs?a=1' });
  expect([redirect.status, redirect.headers.get('location')]).toEqual([301, '/docs/?a=1']);
  expect((await tested.request({ url: '/empty/' })).status).toBe(404);
  expect((await tested.request({ url: '/empty' })).status).toBe(404);
});

test('names are decoded; what is no file is not found', async () => {
  await using tested = await serving(SITE);
  expect((await tested.request({ url: '/docs/a%20b%25.txt' })).text).toBe('spaces');
  expect((await tested.request({ url: '/app.js/' })).status).toBe(404);
  expect((await tested.request({ url: '/app.js/x' })).status).toBe(404);
  expect((await tested.request({ url: `/${'x'.repeat(300)}` })).status).toBe(404);
  expect((await tested.request({ url: '/blob' })).headers.get('content-type')).toBe(
    'application/octet-stream',
  );
  expect(tested.status()).toEqual({ served: 2, missing: 3 });
});

test('HEAD has the fields of GET', async () => {
  await using tested = await serving(SITE);
  const get = await tested.request({ url: '/app.js' });
  const head = await tested.request({ url: '/app.js', method: 'HEAD' });
  expect(Object.fromEntries(head.headers)).toEqual(Object.fromEntries(get.headers));
  expect(head.body).toHaveLength(0);
});

test('other methods are refused, or go on', async () => {
  await using closed = await serving(SITE);
  const refused = await closed.request({ url: '/app.js', method: 'DELETE' });
  expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  await using open = await serving(SITE, { forwardMissing: true });
  expect((await open.request({ url: '/app.js', method: 'POST' })).request?.target).toBe('/app.js');
  expect((await open.request({ url: '/api' })).request?.target).toBe('/api');
  expect((await open.request({ url: '/app.js' })).request).toBeNull();
});

test('a prefix is not part of the files’ paths', async () => {
  await using tested = await serving(SITE, { prefix: '/assets/' });
  expect((await tested.request({ url: '/assets/app.js' })).text).toBe('go()');
  expect((await tested.request({ url: '/assets/' })).text).toBe('<h1>home</h1>');
  expect((await tested.request({ url: '/assets' })).headers.get('location')).toBe('/assets/');
  expect((await tested.request({ url: '/assets/docs' })).headers.get('location')).toBe('/assets/docs/');
  expect((await tested.request({ url: '/assetsapp.js' })).request?.target).toBe('/assetsapp.js');
});

test('an app whose pages are all one file', async () => {
  await using tested = await serving(SITE, { try: ['{path}.js', '/index.html'] });
  expect((await tested.request({ url: '/app' })).text).toBe('go()');
  const page = await tested.request({ url: '/users/7' });
  expect([page.status, page.text]).toEqual([200, '<h1>home</h1>']);
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect((await tested.request({ url: '/$&' })).text).toBe('<h1>home</h1>');
});

test('Cache-Control and types are told by the name', async () => {
  await using tested = await serving(SITE, {
    cacheControl: [
      { files: '*.html', value: 'no-cache' },
      { files: '/a*.js', value: 'max-age=31536000, immutable' },
    ],
    types: { '.js': 'application/javascript' },
  });
  const of = async (url: string, name: string) => (await tested.request({ url })).headers.get(name);
  expect(await of('/docs/', 'cache-control')).toBe('no-cache');
  expect(await of('/app.js', 'cache-control')).toBe('max-age=31536000, immutable');
  expect(await of('/app.js', 'content-type')).toBe('application/javascript');
  expect(await of('/blob', 'cache-control')).toBeNull();
});

test('packed files beside a file are served in its place', async () => {
  await using tested = await serving(
    { 'public/app.js': 'go()', 'public/app.js.br': 'BR', 'public/app.js.gz': 'GZIP', 'public/b.js': 'b' },
    { precompressed: ['zstd', 'br', 'gzip'], cacheControl: [{ files: '*.js', value: 'no-cache' }] },
  );
  const of = async (url: string, coding: string) => {
    const { text, headers } = await tested.request({ url, headers: { 'Accept-Encoding': coding } });
    expect(headers.get('vary')).toBe('Accept-Encoding');
    expect(headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(headers.get('cache-control')).toBe('no-cache');
    return [text, headers.get('content-encoding'), headers.get('etag')?.split('-')[1]];
  };
  expect(await of('/app.js', 'gzip, br, zstd')).toEqual(['BR', 'br', '2']);
  expect(await of('/app.js', 'gzip, br;q=0.5')).toEqual(['GZIP', 'gzip', '4']);
  expect(await of('/app.js', 'identity')).toEqual(['go()', null, '4"']);
  expect(await of('/b.js', 'gzip')).toEqual(['b', null, '1"']);
});

test('wrong options are told', async () => {
  const refused = (options: object, message: string) =>
    expect(testPlugin(staticFiles, options)).rejects.toThrow(message);
  await refused({}, 'options.root: missing: expected the path of a folder');
  await refused({ root: '/no/such/folder' }, 'ENOENT');
  await refused({ root: import.meta.filename }, 'is no folder');
  await refused({ root: '.', prefix: 'assets' }, 'options.prefix: expected a path like "/assets"');
  await refused({ root: '.', index: ['../x'] }, 'options.index.0: expected the name of a file');
  await refused({ root: '.', try: ['index.html'] }, 'options.try.0: expected a path like');
  await refused({ root: '.', precompressed: ['gz'] }, 'options.precompressed.0: expected one of');
  await refused(
    { root: '.', cacheControl: [{ files: '*.js', value: 'a\r\nb' }] },
    'options.cacheControl.0.value',
  );
  await refused({ root: '.', types: { js: 'text/javascript' } }, 'expected the end of a file name');
});
