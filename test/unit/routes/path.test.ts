import { expect, test } from 'vitest';
import { row, upstreamFor } from './support.ts';

const routes = [
  row('none'),
  row('root', { path: '/*' }),
  row('a', { path: '/a/*' }),
  row('a-b', { path: '/a/b/*' }),
  row('exact', { path: '/a/b/c' }),
  row('slash', { path: '/a/' }),
];

test.each([
  ['/a/b/c', 'exact'],
  ['/a/b/c/', 'a-b'],
  ['/a/b/', 'a-b'],
  ['/a/b', 'a'],
  ['/a/bc', 'a'],
  ['/a/', 'slash'],
  ['/a', 'root'],
  ['/ab/c', 'root'],
  ['/', 'root'],
  ['//a/b/c', 'root'],
  ['/a//b/c', 'a'],
  ['*', 'none'],
])('exact path, then the longest prefix, then none: %j goes to %s', (path, upstream) => {
  expect(upstreamFor(routes, 'x', path)).toBe(upstream);
  expect(upstreamFor(routes.toReversed(), 'x', path)).toBe(upstream);
});

test('a path of very many segments costs no more than its length', () => {
  const started = performance.now();
  expect(upstreamFor([row('deep', { path: '/a/a/a/*' })], 'x', '/a'.repeat(100_000))).toBe('deep');
  expect(upstreamFor([row('wild', { host: '*.a.a.a' })], 'a.'.repeat(100_000) + 'a', '/')).toBe('wild');
  expect(performance.now() - started).toBeLessThan(1000);
});
