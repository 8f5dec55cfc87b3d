import { isIP } from 'node:net';
import { z } from 'zod';
import { DEFAULTS } from './defaults.ts';
import * as field from './fields.ts';
import { expectedFound } from './finding.ts';

/** The parts of the config schema that are about the health of backends. */

const headerValue = /^[\t\x20-\x7e\x80-\xff]*$/;
const requestPath = /^\/[\x21-\x7e]*$/;
const hostText = /^[\x21-\x7e]+$/;

/** A text in which each character stands for one byte. */
function bytes(expected: string) {
  return field.text(expected).regex(/^[\0-\xff]+$/, {
    error: field.wants('characters that stand for bytes, "\\x00" to "\\xff"'),
  });
}

/** → first and last status of each range. */
const statuses = z
  .union([field.integer(100, 599), statusRanges()], {
    error: field.wants('a status, or statuses like "200-399,404"'),
  })
  .transform((value) => (typeof value === 'number' ? [[value, value] as const] : value));

function statusRanges() {
  return field
    .readText<(readonly [number, number])[]>('statuses like "200-399,404"', (input) => {
      const ranges = input.split(',').map((part) => /^\s*([1-5]\d\d)(?:-([1-5]\d\d))?\s*$/.exec(part));
      const read = ranges.flatMap((match) =>
        match === null ? [] : [[Number(match[1]), Number(match[2] ?? match[1])] as const],
      );
      if (read.length === ranges.length && read.every(([first, last]) => first <= last))
        return { ok: true, value: read };
      return { ok: false, problem: expectedFound('statuses like "200-399,404"', input) };
    })
    .meta({ title: 'statuses' });
}

const CHECK = DEFAULTS.healthCheck;

export const healthCheck = field.object({
  type: field
    .choice(['tcp', 'http', 'https', 'h2', 'tls', 'grpc', 'udp', 'websocket', 'agent', 'command'])
    .prefault(CHECK.type)
    .describe('What is done; see [health.md](health.md).'),
  interval: field
    .duration(100)
    .prefault(CHECK.interval)
    .describe('From one check to the next; at least 100ms.'),
  jitter: field
    .number(0, 0.5)
    .prefault(CHECK.jitter)
    .describe('Each interval is longer or shorter by up to this share, so that checks do not gather.'),
  timeout: field
    .duration()
    .optional()
    .describe('For a whole check. Without it: as long as `interval`, at most 2s.'),
  rise: field.integer(1, 100).prefault(CHECK.rise).describe('Good checks in a row that bring a backend up.'),
  fall: field.integer(1, 100).prefault(CHECK.fall).describe('Bad checks in a row that take it down.'),
  fastInterval: field
    .duration(50)
    .optional()
    .describe(
      'In place of `interval` while a backend is down, or its last check spoke against its state. Without it: a third of `interval`, from 50ms to 1s.',
    ),
  port: field.integer(1, 65_535).optional().describe("The port to check. Without it: the backend's own."),
  sourceAddress: field
    .readText('an IP address', (input) =>
      isIP(input) === 0
        ? { ok: false, problem: expectedFound('an IP address', input) }
        : { ok: true, value: input },
    )
    .optional()
    .describe('The local IP address that checks come from. Without it: as the system chooses.'),
  method: field.token.prefault(DEFAULTS.httpCheck.method).describe('With `http`, `https`, `h2`.'),
  path: z
    .string({ error: field.wants('a path that begins with "/"') })
    .regex(requestPath, { error: field.wants('a path that begins with "/", without spaces') })
    .prefault(DEFAULTS.httpCheck.path)
    .describe('With `http`, `https`, `h2`, `websocket`; a query may follow.'),
  host: field
    .text('a host')
    .regex(hostText, { error: field.wants('a host') })
    .optional()
    .describe("With `http`, `https`, `h2`, `grpc`, `websocket`. Without it: the backend's address."),
  headers: field
    .named(
      z.string().regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, { error: field.wants('a header name') }),
      z
        .string({ error: field.wants('a text in quotes') })
        .regex(headerValue, { error: field.wants('a header value without control characters') }),
    )
    .prefault({})
    .describe('With `http`, `https`, `h2`, `websocket`: sent besides; name → value.'),
  status: statuses
    .prefault(DEFAULTS.httpCheck.status)
    .describe('With `http`, `https`, `h2`: the statuses that are good, such as `200` or `"200-399,404"`.'),
  body: bytes('a text')
    .optional()
    .describe('With `http`, `https`, `h2`: what the first 64KiB of the body have to hold.'),
  weightField: field
    .text('the name of a member like "load.weight"')
    .optional()
    .describe(
      'With `http`, `https`, `h2`: the member of a JSON answer that the `dynamic-ratio` scheduler takes for the weight.',
    ),
  reuse: field.flag
    .prefault(DEFAULTS.httpCheck.reuse)
    .describe(
      'With `http`, `https`: whether checks follow each other on one connection, five at most; see [health.md](health.md#connections-of-checks).',
    ),
  service: field
    .text('the name of a service')
    .optional()
    .describe('With `grpc`: the service that is asked for. Without it: the server as a whole.'),
  send: bytes('a text')
    .optional()
    .describe('With `tcp`, `tls`, `udp`, `agent`: what is sent. A character up to `\\xff` is one byte.'),
  expect: bytes('a text').optional().describe('With `tcp`, `tls`, `udp`: what the answer has to hold.'),
  command: field
    .list(field.text('a text'))
    .min(1, { error: 'expected a program and its arguments, found none' })
    .optional()
    .describe('With `command`: program and arguments, started without a shell; exit status 0 is good.'),
});

const PASSIVE = DEFAULTS.passiveHealth;

export const passiveHealth = field.object({
  failures: field
    .integer(1, 10_000)
    .prefault(PASSIVE.failures)
    .describe(
      'Failed attempts in a row (no connection, a reset, no answer in time or half of one) that eject a backend.',
    ),
  errorRatio: field
    .number(0.01, 1)
    .prefault(PASSIVE.errorRatio)
    .describe('The share of failed attempts and 5xx answers in `window` that ejects a backend.'),
  minRequests: field
    .integer(1, 1_000_000)
    .prefault(PASSIVE.minRequests)
    .describe('How many requests there must have been in `window` for `errorRatio` to count.'),
  window: field.duration(100).prefault(PASSIVE.window).describe('What `errorRatio` looks at.'),
  ejection: field
    .duration(100)
    .prefault(PASSIVE.ejection)
    .describe('How long a backend is left out at first; each time after that for twice as long.'),
  maxEjection: field.duration(100).prefault(PASSIVE.maxEjection).describe('The longest that grows to.'),
  maxEjected: field
    .number(0, 1)
    .prefault(PASSIVE.maxEjected)
    .describe('When more than this share of the usable backends is ejected, all of them are used.'),
});

const healthLogSettings = field.object({
  folder: field.path
    .optional()
    .describe(
      "A file for each day is written there. Without it: in the system's folder for the state of programs; see [health.md](health.md#the-health-log).",
    ),
  checks: field.flag.prefault(DEFAULTS.healthLog.checks).describe('Log every check, not changes alone.'),
  keep: field.duration(60_000).prefault(DEFAULTS.healthLog.keep).describe('How long files are kept.'),
});

export const healthLog = z.union([field.flag, healthLogSettings], {
  error: field.wants('true, false, or an object with `folder`, `checks` and `keep`'),
});

/** Defaults filled in. */
export type HealthCheckFile = z.output<typeof healthCheck>;
export type PassiveHealthFile = z.output<typeof passiveHealth>;
export const healthLogDefaults = () => healthLogSettings.parse({});
export type HealthLogFile = z.output<typeof healthLogSettings>;
