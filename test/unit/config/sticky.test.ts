import { describe, expect, test } from 'vitest';
import { describeChanges } from '../../../core/config/diff.ts';
import { resolveConfig } from '../../../core/config/resolve.ts';
import { configSchema } from '../../../core/config/schema.ts';
import { contentWith, findingsIn } from '../../support/config-findings.ts';

const KEY = 'sixteen-or-more-characters';

function resolved(sticky: object | undefined) {
  const content = configSchema.parse(contentWith({ upstream: sticky === undefined ? {} : { sticky } }));
  return resolveConfig(content, '/etc/c.yaml', new Map());
}

test('what a type of sticky session does not say has its default', () => {
  const of = (sticky: object) => resolved(sticky).upstreams[0]?.sticky;
  expect(of({ type: 'cookie' })).toEqual({
    type: 'cookie',
    name: 'tidegate-site',
    path: '/',
    domain: null,
    secure: 'auto',
    httpOnly: true,
    sameSite: 'lax',
    maxAgeMs: null,
    keys: [],
  });
  expect(of({ type: 'app-cookie', name: 'SID' })).toEqual({
    type: 'app-cookie',
    name: 'SID',
    prefix: null,
    ttlMs: 1_800_000,
    size: 100_000,
  });
  expect(of({ type: 'app-cookie', name: 'SID', prefix: true, key: KEY })).toMatchObject({
    prefix: { keys: [KEY] },
  });
  expect(of({ type: 'source' })).toEqual({ type: 'source', ttlMs: 1_800_000, size: 100_000 });
});

describe('what is wrong with sticky sessions is named', () => {
  test.each<[object, string]>([
    [{}, '.type: missing: expected one of "cookie", "app-cookie", "source"'],
    [
      { type: 'cooky' },
      '.type: expected one of "cookie", "app-cookie", "source", found "cooky"; did you mean `cookie`?',
    ],
    [{ type: 'cookie', name: 'a b' }, '.name: expected a token (RFC 9110 5.6.2), found "a b"'],
    [
      { type: 'cookie', path: 'app' },
      '.path: expected a path that begins with "/", without ";" and spaces, found "app"',
    ],
    [
      { type: 'cookie', path: '/;Domain=x' },
      '.path: expected a path that begins with "/", without ";" and spaces, found "/;Domain=x"',
    ],
    [{ type: 'cookie', domain: 'a b' }, '.domain: expected a host name, found "a b"'],
    [{ type: 'cookie', secure: 'yes' }, '.secure: expected true, false, or "auto", found "yes"'],
    [{ type: 'cookie', maxAge: '10ms' }, '.maxAge: expected a duration from "1s" to "596h", found "10ms"'],
    [{ type: 'cookie', key: 'short' }, '.key: expected at least 16 characters, found fewer'],
    [{ type: 'cookie', key: [KEY, 'short'] }, '.key[1]: expected at least 16 characters, found fewer'],
    [{ type: 'cookie', key: [] }, '.key: expected at least one key, found none'],
    [{ type: 'cookie', prefix: true }, '.prefix: expected none with cookie'],
    [
      { type: 'cookie', sameSite: 'none', secure: false },
      '.secure: expected true or "auto" with `sameSite: none`, which browsers refuse otherwise, found false',
    ],
    [{ type: 'app-cookie' }, ': expected the `name` of the cookie that backends set, found none'],
    [{ type: 'app-cookie', name: 'S', key: KEY }, '.key: expected it with `prefix: true` only'],
    [
      { type: 'app-cookie', name: 'S', prefix: true, ttl: '1m' },
      '.ttl: expected it without `prefix: true` only',
    ],
    [{ type: 'app-cookie', name: 'S', size: 0 }, '.size: expected an integer from 1 to 10000000, found 0'],
    [{ type: 'source', name: 'S' }, '.name: expected none with source'],
  ])('%o', (sticky, finding) => {
    expect(findingsIn(contentWith({ upstream: { sticky } }))).toContain(`upstreams.site.sticky${finding}`);
  });
});

test('a reload names what changed, and of the keys only that they did', () => {
  const changes = (before: object | undefined, after: object | undefined) =>
    describeChanges(resolved(before), resolved(after));
  expect(changes(undefined, { type: 'source' })).toEqual(['upstream site: sticky none → source']);
  expect(changes({ type: 'cookie' }, { type: 'cookie', maxAge: '1h', key: KEY })).toEqual([
    'upstream site: sticky.maxAge none → 1h, sticky keys changed',
  ]);
  expect(
    changes({ type: 'app-cookie', name: 'S' }, { type: 'app-cookie', name: 'S', prefix: true, key: KEY }),
  ).toEqual(['upstream site: sticky.prefix false → true, sticky keys changed']);
});
