import type { z } from 'zod';
import { checkGroups, conditions } from '../conditions.ts';
import { duration, flag, integer, list, object, percent, record, size, text } from '../fields.ts';
import { changeable, removable } from '../header-names.ts';
import { template } from '../templates.ts';

/** Those that ask for nothing to be changed (RFC 9110 9.2.1): to do them twice does no harm. */
const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

export const mirrorOptions = object({
  ...conditions,
  /** Others may do twice what is to be done once, where the copy reaches the same database or the same mail server. */
  methods: list(text('a method like "GET"')).default(SAFE_METHODS),
  /** Where the copies go. */
  upstream: text('the name of an upstream'),
  /** Of how many requests. */
  percent: percent.default(100),
  /** What a hash decides by, in place of a draw: `{client_address}`, `{request_id}`. Without a value there is a draw. */
  key: template(['rest']).optional(),
  /** Requests with a body are copied too, up to this size. */
  body: object({ largest: size().default(64 * 1024) }).optional(),
  /** Copies under way at a time, in each worker; requests beyond go without one. */
  concurrency: integer(1, 10_000).default(100),
  /** For a copy, to the end of its answer. */
  timeout: duration().default(10_000),
  /** Copies name the request's host; else their backend's own address. */
  keepHost: flag.default(true),
  /** Edits of the copies' header fields. */
  headers: object({
    remove: list(removable).default([]),
    set: record(changeable, template(['rest'])).default({}),
  }).prefault({}),
}).superRefine((value, context) => {
  if (value.key !== undefined) checkGroups(value.key, value, ['key'], context);
  for (const [name, each] of Object.entries(value.headers.set))
    checkGroups(each, value, ['headers', 'set', name], context);
});

export type MirrorOptions = z.input<typeof mirrorOptions>;
export type Options = z.output<typeof mirrorOptions>;
