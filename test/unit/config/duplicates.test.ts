import { expect, test } from 'vitest';
import { contentWith, findingsIn } from '../../support/config-findings.ts';

test('two listeners of one name are refused', () => {
  const listeners = [
    { name: 'web', address: ':80' },
    { name: 'web', address: ':81' },
  ];
  expect(findingsIn({ listeners })).toEqual([
    'listeners[1].name: expected a name of its own, found "web", which is the name of listeners[0] too',
  ]);
});

test('a backend listed twice is refused', () => {
  const backends = [{ address: '[::1]:80' }, { address: '[0::1]:80', weight: 3 }];
  expect(findingsIn(contentWith({ upstream: { backends } }))).toEqual([
    'upstreams.site.backends[1].address: expected each backend once, found "[0::1]:80", which is backends[0] too',
  ]);
});

test.each<[object, object]>([
  [{ path: '/a' }, { path: '/a' }],
  [
    { host: 'A.b', path: '/%7e' },
    { host: 'a.b', path: '/~' },
  ],
  [{ method: 'get' }, { methods: ['GET'] }],
  [{ methods: ['GET', 'PUT'] }, { methods: ['PUT', 'GET', 'GET'] }],
  [{ headers: { a: '1', b: true } }, { headers: { B: true, A: '1' } }],
  [{}, {}],
])('routes %j and %j are the same row', (first, second) => {
  const routes = [
    { ...first, upstream: 'site' },
    { ...second, upstream: 'site' },
  ];
  expect(findingsIn(contentWith({ listener: { routes } }))).toEqual([
    'listeners[0].routes[1]: expected a row of its own, found the same host, path, methods and headers as in routes[0]',
  ]);
});

test.each<[object, object]>([
  [{ path: '/a' }, { path: '/a/*' }],
  [{ path: '/a' }, { path: '/A' }],
  [{ host: 'a.b' }, { host: '*.a.b' }],
  [{ method: 'GET' }, {}],
  [{ headers: { a: '1' } }, { headers: { a: true } }],
])('routes %j and %j are two rows', (first, second) => {
  const routes = [
    { ...first, upstream: 'site' },
    { ...second, upstream: 'site' },
  ];
  expect(findingsIn(contentWith({ listener: { routes } }))).toEqual([]);
});

test('a route with `method` and `methods` is refused, and so is one header twice', () => {
  const routes = [
    { method: 'GET', methods: ['PUT'], upstream: 'site' },
    { headers: { 'x-a': '1', 'X-A': '2' }, upstream: 'site' },
  ];
  expect(findingsIn(contentWith({ listener: { routes } }))).toEqual([
    'listeners[0].routes[0].method: expected either `method` or `methods`, found both',
    'listeners[0].routes[1].headers: expected each header once, found "x-a" twice',
  ]);
});
