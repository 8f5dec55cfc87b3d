import { z } from 'zod';
import { conditions } from '../conditions.ts';
import { COOKIE_NAME } from '../cookies.ts';
import {
  addresses,
  age,
  choice,
  duration,
  fieldName,
  flag,
  integer,
  list,
  object,
  readText,
  size,
  text,
  wants,
} from '../fields.ts';
import type { QueryRule } from './request-keys.ts';

const { hosts, path, match } = conditions;

const cookieName = readText("a cookie's name", (name) => (COOKIE_NAME.test(name) ? name : undefined));
const QUERY = '"all", "none", { only: [names] } or { except: [names] }';
const names = list(text('the name of a query parameter'));
const query = z
  .union([z.literal('all'), z.literal('none'), object({ only: names }), object({ except: names })], {
    error: wants(QUERY),
  })
  .transform((given): QueryRule => {
    if (typeof given === 'string') return { kind: given };
    return 'only' in given
      ? { kind: 'only', names: new Set(given.only) }
      : { kind: 'except', names: new Set(given.except) };
  });

const status = integer(200, 599);

const purge = object({
  method: readText('a method like "PURGE"', (name) =>
    /^[A-Z]{1,32}$/.test(name) && !['GET', 'HEAD'].includes(name) ? name : undefined,
  ).default('PURGE'),
  from: addresses().optional(),
  header: object({ name: fieldName(), value: text('a secret value') }).optional(),
}).refine(({ from, header }) => from !== undefined || header !== undefined, {
  error: 'expected `from`, `header` or both: who may purge',
});

export const options = object({
  /** Which requests it is for. */
  hosts,
  path,
  match,
  key: object({
    query: query.default({ kind: 'all' }),
    headers: list(fieldName(), 16).default([]),
    cookies: list(cookieName, 16).default([]),
  }).prefault({}),
  bypass: object({
    headers: list(fieldName()).default([]),
    cookies: list(cookieName).default([]),
  }).prefault({}),
  ttl: list(
    object({ statuses: list(status).default([200]), ttl: age(), override: flag.default(false) }),
    100,
  ).default([]),
  heuristic: flag.default(false),
  targeted: list(fieldName(), 8).default(['cdn-cache-control']),
  setCookie: choice(['refuse', 'remove']).default('refuse'),
  requestDirectives: choice(['ignore', 'honour']).default('ignore'),
  staleWhileRevalidate: age().default(0),
  staleIfError: age().default(0),
  memory: object({
    size: size(64 * 1024).default(64 * 2 ** 20),
    entries: integer(1, 10_000_000).default(100_000),
    largest: size().default(2 ** 20),
  }).prefault({}),
  variants: integer(1, 1000).default(32),
  disk: object({
    folder: text('the path of a folder'),
    size: size(2 ** 20).default(2 ** 30),
    entries: integer(1, 10_000_000).default(100_000),
    largest: size().default(64 * 2 ** 20),
  })
    .refine((given) => given.largest <= given.size / 10, {
      path: ['largest'],
      error: 'expected at most a tenth of `size`: what is being written has to have room beside the rest',
    })
    .optional(),
  collapse: object({
    timeout: duration().default(5000),
    waiters: integer(0, 1_000_000).default(1000),
  }).prefault({}),
  uncacheableFor: age().default(60_000),
  refreshes: integer(0, 10_000).default(32),
  tags: object({ header: fieldName().default('cache-tag'), remove: flag.default(true) }).prefault({}),
  purge: purge.optional(),
  cacheStatus: object({
    enabled: flag.default(true),
    name: readText('a name of letters, digits, ".", "_" and "-"', (name) =>
      /^[A-Za-z][A-Za-z0-9._-]{0,63}$/.test(name) ? name : undefined,
    ).default('Tidegate'),
    key: flag.default(false),
  }).prefault({}),
});
export type CacheOptions = z.input<typeof options>;
export type Options = z.output<typeof options>;
