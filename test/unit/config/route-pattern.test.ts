import { describe, expect, test } from 'vitest';
import { readRouteHost, readRoutePath } from '../../../core/config/route-pattern.ts';

describe("a route's host", () => {
  test.each([
    ['api.example.com', 'api.example.com'],
    ['API.Example.com', 'api.example.com'],
    ['*.example.com', '*.example.com'],
    ['localhost', 'localhost'],
    ['127.0.0.1', '127.0.0.1'],
    ['[::1]', '[::1]'],
  ])('%s is %s', (text, host) => {
    expect(readRouteHost(text)).toEqual({ ok: true, text: host });
  });

  test.each([
    ['example.com:80', 'a host without a port'],
    ['[::1]:80', 'a host without a port'],
    ['*', 'the star alone before the first dot'],
    ['a.*.com', 'the star alone before the first dot'],
    ['*example.com', 'the star alone before the first dot'],
    ['straße.example', 'like "xn--strae-oqa.example"'],
    ['', 'a host like "example.com"'],
    ['a..b', 'a host like "example.com"'],
    ['a.b.', 'a host like "example.com"'],
    ['http://a.b', 'a host like "example.com"'],
    ['::1', 'a host like "example.com"'],
  ])('%j is refused', (text, expected) => {
    const host = readRouteHost(text);
    expect(host.ok ? '' : host.problem).toContain(expected);
    expect(host.ok ? '' : host.problem).toContain(`found ${JSON.stringify(text)}`);
  });
});

describe("a route's path", () => {
  test.each([
    ['/', '/'],
    ['/*', '/*'],
    ['/images/*', '/images/*'],
    ['/a/b', '/a/b'],
    ['/a//b/', '/a//b/'],
    ['/%7euser/%c3%a9', '/~user/%C3%A9'],
    ['/a%2fb', '/a%2Fb'],
  ])('%s is %s', (text, path) => {
    expect(readRoutePath(text)).toEqual({ ok: true, text: path });
  });

  test.each([
    ['', 'begins with "/"'],
    ['images', 'begins with "/"'],
    ['/images*', 'a star only at the end and after a slash'],
    ['/*/images', 'a star only at the end and after a slash'],
    ['/a/*?x', 'without query'],
    ['/a?b', 'without query'],
    ['/a#b', 'without query'],
    ['/a b', 'like "/a%20b"'],
    ['/straße', 'like "/stra%C3%9Fe"'],
    ['/a%2', 'two hex digits'],
    ['/a/../b', 'without "." and ".."'],
    ['/a/%2e%2E/b', 'without "." and ".."'],
    ['/.', 'without "." and ".."'],
  ])('%j is refused', (text, expected) => {
    const path = readRoutePath(text);
    expect(path.ok ? '' : path.problem).toContain(expected);
  });
});
