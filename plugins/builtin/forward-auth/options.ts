import { z } from 'zod';
import { conditions } from '../conditions.ts';
import { choice, duration, flag, integer, list, object, size, text, wants } from '../fields.ts';
import { changeable } from '../header-names.ts';

export const options = object({
  ...conditions,
  /** Who is asked. */
  upstream: text("an upstream's name"),
  target: z
    .string({ error: wants('a path') })
    .regex(/^\/[\x21\x22\x24-\x7e]*$/, { error: wants('a path like "/verify", maybe with a query') })
    .default('/'),
  /** The Host of what is asked; else the backend's own address. */
  host: text('a host').optional(),
  /** `original`: that of the request. There is no body either way. */
  method: choice(['GET', 'original']).default('GET'),
  /** Of the request, that the answer may depend on. */
  requestHeaders: list(changeable, 100).prefault([
    'accept',
    'accept-language',
    'authorization',
    'cookie',
    'user-agent',
    'x-requested-with',
  ]),
  /** Also the names by which nginx has what is asked for. */
  originalUri: flag.default(false),
  /** Of the answer, that backends get. Those that a client sends are taken out. */
  copyHeaders: list(changeable, 100).default([]),
  /** Whether clients get the cookies of an answer that lets them pass. */
  setCookies: flag.default(false),
  /** To the end of the answer. */
  timeout: duration().prefault('5s'),
  /** Of an answer's body. */
  largest: size().prefault('64KiB'),
  /** What becomes of requests where nobody answers, or with 5xx. */
  onUnavailable: choice(['deny', 'pass']).default('deny'),
  /** Remembers who was let pass. */
  cache: object({
    time: duration(),
    entries: integer(1, 100_000).default(1000),
    /** What of the request the answer does not depend on. */
    ignore: list(choice(['address', 'method', 'target'])).default([]),
  }).optional(),
});
export type ForwardAuthOptions = z.input<typeof options>;
export type Options = z.output<typeof options>;
