import { expect, test } from 'vitest';
import { row, upstreamFor } from './support.ts';

const routes = [
  row('any'),
  row('wide', { host: '*.com' }),
  row('wild', { host: '*.example.com' }),
  row('deep', { host: '*.b.example.com' }),
  row('exact', { host: 'a.example.com' }),
];

test.each([
  ['a.example.com', 'exact'],
  ['b.example.com', 'wild'],
  ['x.y.example.com', 'wild'],
  ['x.b.example.com', 'deep'],
  ['x.y.b.example.com', 'deep'],
  ['example.com', 'wide'],
  ['com', 'any'],
  ['.com', 'any'],
  ['notexample.com', 'wide'],
  ['example.org', 'any'],
  ['', 'any'],
  ['[::1]', 'any'],
])('exact host, then the longest wildcard, then none: %j goes to %s', (host, upstream) => {
  expect(upstreamFor(routes, host, '/')).toBe(upstream);
  expect(upstreamFor(routes.toReversed(), host, '/')).toBe(upstream);
});

test('the host decides before the path does', () => {
  const table = [row('host', { host: 'a.example.com' }), row('path', { host: '*.example.com', path: '/x' })];
  expect(upstreamFor(table, 'a.example.com', '/x')).toBe('host');
});

test('without a row that fits there is no match', () => {
  expect(upstreamFor([row('a', { host: 'a.example.com' })], 'b.example.com', '/')).toBeUndefined();
  expect(upstreamFor([], 'b.example.com', '/')).toBeUndefined();
});
