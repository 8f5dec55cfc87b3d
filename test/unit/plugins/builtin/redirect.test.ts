import { expect, test } from 'vitest';
import redirect from '../../../../plugins/builtin/redirect.ts';
import { testPlugin } from '../../../../plugins/testing.ts';

/** Where a request is sent; null: it is served. */
async function locationFor(redirects: object[], url: string): Promise<string | null> {
  await using tested = await testPlugin(redirect, { redirects });
  return (await tested.request({ url })).headers.get('location');
}

test.each([
  [{ path: '/old', to: '/new' }, '/old', '/new'],
  [{ path: '/old', to: '/new' }, '/older', null],
  [{ path: '/old/*', to: '/new/{rest}' }, '/old/a/b?c=d', '/new/a/b?c=d'],
  [{ path: '/old/*', to: 'https://b.example/{rest}' }, '/old/', 'https://b.example/'],
  [
    { match: '^/p/(\\d+)/(?P<slug>[a-z-]+)$', to: '/posts/{match.slug}-{1}' },
    '/p/7/hi-there',
    '/posts/hi-there-7',
  ],
  [{ match: '^/p/(\\d+)$', to: '/posts/{1}' }, '/p/x', null],
  [
    { hosts: ['*.old.example'], to: '{scheme}://new.example{target}' },
    'https://a.old.example/x?y',
    'https://new.example/x?y',
  ],
  [
    { hosts: ['old.example'], to: 'https://{hostname}.invalid/' },
    'http://old.example:81/',
    'https://old.example.invalid/',
  ],
  [{ hosts: ['*.old.example'], to: '/' }, 'https://old.example/x', null],
  [{ path: '/s', to: '/search?lang=en' }, '/s?q=1', '/search?lang=en'],
  [{ path: '/s', to: '/search?lang=en', keepQuery: true }, '/s?q=1', '/search?lang=en&q=1'],
  [{ path: '/s', to: '/search#top' }, '/s?q=1', '/search?q=1#top'],
  [{ path: '/s', to: '/t', keepQuery: false }, '/s?q=1', '/t'],
  [{ path: '/s', to: '/{{{query.q}}}', keepQuery: false }, '/s?a=b&q=%C3%A9&q=2', '/{%C3%A9}'],
])('%j sends %s to %s', async (each, url, location) => {
  expect(await locationFor([each], url)).toBe(location);
});

test('the first redirect whose conditions hold counts, with its status', async () => {
  await using tested = await testPlugin(redirect, {
    redirects: [
      { path: '/a', methods: ['POST'], to: '/1', status: 303 },
      { path: '/a', to: '/2', status: 301 },
      { path: '/*', to: '/3' },
    ],
  });
  expect(await tested.request({ url: '/a', method: 'POST' })).toMatchObject({ status: 303 });
  expect(await tested.request({ url: '/a' })).toMatchObject({ status: 301 });
  expect(await tested.request({ url: '/b' })).toMatchObject({ status: 302, request: null });
});

test.each([
  ['to the host of a path', { match: '^/old(.*)$', to: '{1}' }, '/old//evil.example', '/evil.example'],
  ['by a backslash', { match: '^/old(.*)$', to: '{1}' }, '/old/%5Cevil.example', '/%5Cevil.example'],
  [
    'by a query',
    { path: '/go', to: '{query.next}', keepQuery: false },
    '/go?next=https://evil.example',
    '/https://evil.example',
  ],
  [
    'by a host that grows',
    { match: '^/old(.*)$', to: 'https://new.example{1}' },
    '/old.evil.example',
    'https://new.example/.evil.example',
  ],
  [
    'by a user name',
    { match: '^/old(.*)$', to: 'https://new.example{1}' },
    '/old@evil.example',
    'https://new.example/@evil.example',
  ],
])('attack: an open redirect %s', async (_, each, url, location) => {
  expect(await locationFor([each], url)).toBe(location);
});

test('attack: a pattern that would hold up a backtracking engine takes linear time', async () => {
  const started = performance.now();
  expect(await locationFor([{ match: '^(/a+)+$', to: '/' }], `/${'a'.repeat(5000)}!`)).toBe(null);
  expect(performance.now() - started).toBeLessThan(2000);
});

test.each([
  [{ to: '/{rest}' }, 'redirects.0.to: {rest} needs a `path` that ends with /*'],
  [{ match: '^/(.*)$', to: '/{2}' }, 'redirects.0.to: there is no group 2'],
  [{ match: '(', to: '/' }, 'redirects.0.match: expected a regular expression'],
  [{ match: '(?!a)', to: '/' }, 'without look-around'],
  [{ to: '/{pth}' }, 'there is no placeholder {pth}; did you mean `path`?'],
  [{ to: '/{path' }, 'a single {'],
  [{ to: 'ftp://a' }, 'expected a path or an http(s) URL'],
  [{ path: 'old', to: '/' }, 'redirects.0.path: expected a path like "/files" or "/files/*", found "old"'],
  [{ hosts: ['a*.example'], to: '/' }, 'redirects.0.hosts.0: expected a host name'],
  [{ tp: '/' }, 'unknown key `tp`; did you mean `to`?'],
])('wrong options are refused: %j', async (each, message) => {
  await expect(testPlugin(redirect, { redirects: [each] })).rejects.toThrow(message);
});
