import { expect, test } from 'vitest';
import { FieldCopy } from '../../../../plugins/builtin/cache/field-copy.ts';
import { decideStoring, type StoringRules } from '../../../../plugins/builtin/cache/storing.ts';

const NOW = Date.parse('Sun, 06 Nov 1994 08:49:37 GMT');
const RULES: StoringRules = {
  ttl: [],
  heuristic: false,
  targeted: ['cdn-cache-control'],
  setCookie: 'refuse',
  requestDirectives: 'ignore',
  staleWhileRevalidate: 0,
  staleIfError: 0,
};

interface Case {
  readonly status?: number;
  readonly request?: Record<string, string>;
  readonly rules?: Partial<StoringRules>;
}

function decide(headers: Record<string, string>, { status = 200, request = {}, rules = {} }: Case) {
  return decideStoring(
    {
      request: new FieldCopy(Object.entries(request)),
      status,
      headers: new FieldCopy(Object.entries(headers)),
      requestedAt: NOW,
      receivedAt: NOW,
    },
    { ...RULES, ...rules },
  );
}

test.each<[Record<string, string>, string, Case?]>([
  [{ 'cache-control': 'no-store, max-age=60' }, 'no-store'],
  [{ 'cache-control': 'private, max-age=60' }, 'private'],
  [{ 'cache-control': 'max-age=60, private="set-cookie"' }, 'private'],
  [{ 'cache-control': 'PRIVATE , max-age=60' }, 'private'],
  [{ 'cache-control': `max-age=60${', a'.repeat(2000)}` }, 'no-store'],
  [{ 'cache-control': 'max-age=60', 'cdn-cache-control': `max-age=60${', a'.repeat(2000)}` }, 'no-store'],
  [{ 'cache-control': 'max-age=60', 'set-cookie': 'a=1' }, 'set-cookie'],
  [{ 'cache-control': 'max-age=60', vary: '*' }, 'vary'],
  [{ 'cache-control': 'max-age=60', vary: 'accept, *' }, 'vary'],
  [{ 'cache-control': 'max-age=60', vary: 'x-forwarded-for' }, 'vary'],
  [{ 'cache-control': 'max-age=60' }, 'authorization', { request: { authorization: 'Basic eA==' } }],
  [{ 'cache-control': 'max-age=60' }, 'status', { status: 206 }],
  [{ 'cache-control': 'max-age=60' }, 'status', { status: 304 }],
  [{ 'cache-control': 'max-age=60' }, 'status', { status: 429 }],
  [{ 'cache-control': 'must-understand, no-store, max-age=60' }, 'must-understand', { status: 299 }],
  [{}, 'no-freshness'],
  [{ etag: '"1"' }, 'no-freshness'],
  [{ 'cache-control': 'max-age=0' }, 'not-fresh'],
  [{ 'cache-control': 'no-cache' }, 'not-fresh'],
  [{ expires: '0' }, 'not-fresh'],
  [{ 'cdn-cache-control': 'no-store', 'cache-control': 'max-age=60' }, 'no-store'],
  [
    { 'cache-control': 'max-age=60' },
    'request-no-store',
    { request: { 'cache-control': 'no-store' }, rules: { requestDirectives: 'honour' } },
  ],
  [
    {},
    'no-freshness',
    { request: { cookie: 'a=1' }, rules: { ttl: [{ statuses: [200], ttl: 9000, override: false }] } },
  ],
  [
    { 'cache-control': 'private' },
    'private',
    { rules: { ttl: [{ statuses: [200], ttl: 9000, override: true }] } },
  ],
])('%o is not stored: %s', (headers, why, given = {}) => {
  expect(decide(headers, given)).toEqual({ kind: 'refuse', why });
});

const DATE = 'Sun, 06 Nov 1994 08:49:37 GMT';
const ttl = (seconds: number, override = false) => ({
  rules: { ttl: [{ statuses: [200, 404], ttl: seconds * 1000, override }] },
});

test.each<[Record<string, string>, number, Case?]>([
  [{ 'cache-control': 'max-age=60' }, 60],
  [{ 'cache-control': 'max-age=60, s-maxage=10' }, 10],
  [{ 'cache-control': 'max-age=60, max-age=10' }, 10],
  [{ 'cache-control': 'max-age="60"' }, 60],
  [{ 'cache-control': 'max-age=99999999999999' }, 2 ** 31],
  [{ 'cache-control': 's-maxage=5' }, 5, { request: { authorization: 'Basic eA==' } }],
  [{ 'cache-control': 'public, max-age=5' }, 5, { request: { authorization: 'Basic eA==' } }],
  [{ 'cache-control': 'must-revalidate, max-age=5' }, 5, { request: { authorization: 'Basic eA==' } }],
  [{ date: DATE, expires: 'Sun, 06 Nov 1994 08:50:37 GMT' }, 60],
  [{ date: DATE, expires: 'Sun, 06 Nov 1994 08:50:37 GMT', 'cache-control': 'max-age=5' }, 5],
  [{ 'cache-control': 'max-age=60', 'cdn-cache-control': 'max-age=7' }, 7],
  [{ 'cache-control': 'max-age=60', 'cdn-cache-control': 'max-age=7;;=' }, 7],
  [{ 'cache-control': 'max-age=60', 'cdn-cache-control': '"not a dictionary"' }, 60],
  [{ 'cache-control': 'private', 'cdn-cache-control': 'max-age=7' }, 7],
  [{ 'cache-control': 'no-cache', etag: '"1"' }, 0],
  [{ 'cache-control': 'must-understand, no-store, max-age=60' }, 60],
  [{}, 9, ttl(9)],
  [{}, 9, { ...ttl(9), status: 404 }],
  [{ 'cache-control': 'max-age=60' }, 60, ttl(9)],
  [{ 'cache-control': 'max-age=60' }, 9, ttl(9, true)],
  [{ 'cache-control': 'no-cache' }, 9, ttl(9, true)],
  [{ 'last-modified': 'Sun, 06 Nov 1994 08:47:57 GMT' }, 10, { rules: { heuristic: true } }],
  [{ 'last-modified': 'Sun, 06 Nov 1904 08:47:57 GMT' }, 86_400, { rules: { heuristic: true } }],
])('%o is fresh for %i s', (headers, seconds, given = {}) => {
  expect(decide(headers, given)).toMatchObject({ kind: 'store', freshness: { lifetimeMs: seconds * 1000 } });
});

test.each<[string, number, number]>([
  ['max-age=60', 7000, 8000],
  ['max-age=60, stale-while-revalidate=3, stale-if-error=4', 3000, 4000],
  ['s-maxage=60', 0, 0],
  ['s-maxage=60, stale-while-revalidate=3', 3000, 0],
  ['max-age=60, must-revalidate, stale-while-revalidate=3', 0, 0],
  ['max-age=60, proxy-revalidate, stale-if-error=3', 0, 0],
])('how stale `%s` may be served', (field, staleWhileRevalidateMs, staleIfErrorMs) => {
  const rules = { staleWhileRevalidate: 7000, staleIfError: 8000 };
  expect(decide({ 'cache-control': field }, { rules })).toMatchObject({
    freshness: { staleWhileRevalidateMs, staleIfErrorMs },
  });
});

test.each<[Record<string, string>, number]>([
  [{}, 0],
  [{ age: '10' }, 10],
  [{ date: 'Sun, 06 Nov 1994 08:49:30 GMT' }, 7],
  [{ date: 'Sun, 06 Nov 1994 08:49:30 GMT', age: '10' }, 10],
  [{ date: 'Sun, 06 Nov 1994 09:49:30 GMT' }, 0],
  [{ age: 'old' }, 0],
  [{ age: '3, 10' }, 3],
])('an answer with %o is %i s old when it comes', (fields, seconds) => {
  expect(decide({ ...fields, 'cache-control': 'max-age=60' }, {})).toMatchObject({
    freshness: { bornAt: NOW - seconds * 1000 },
  });
});

test.each(['private="a, b"', 'no-store, x=(a b)', 'no-store;x="a, b"', 'no-store, x=1.5'])(
  'what CDN-Cache-Control forbids is not kept, however it is written: %s',
  (field) => {
    const headers = { 'cdn-cache-control': field, 'cache-control': 'max-age=60' };
    expect(decide(headers, {})).toMatchObject({ kind: 'refuse' });
  },
);
