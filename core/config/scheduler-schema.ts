import { z } from 'zod';
import type { SchedulerConfig } from '../shared/config-types.ts';
import { parseSchedulerKey } from '../shared/scheduler-key.ts';
import { DEFAULTS } from './defaults.ts';
import * as field from './fields.ts';
import { expectedFound } from './finding.ts';

/** The part of the config schema that describes an upstream's scheduler. */

const name = field.choice([
  'round-robin',
  'weighted',
  'weighted-round-robin',
  'random',
  'weighted-random',
  'power-of-two-choices',
  'key-modulo',
  'key-ranges',
  'consistent-hash',
  'maglev',
  'least-connections',
  'fastest',
  'observed',
  'predictive',
  'dynamic-ratio',
]);

const KEYS = 'source, uri, path, query(name), header(name), cookie(name), rdp-cookie(name) or rule';

const key = field
  .readText(KEYS, (text) => {
    const parsed = parseSchedulerKey(text);
    if (parsed === undefined) return { ok: false, problem: expectedFound(KEYS, text) };
    return { ok: true, value: text };
  })
  .meta({ title: 'key' });

const bound = z
  .union([z.number(), z.string()], { error: field.wants('a number or a text') })
  .meta({ title: 'number or text' });

const range = field.object({
  from: bound
    .optional()
    .describe('The lowest key: numbers in all ranges, or texts in all. Without it: no lower bound.'),
  to: bound.optional().describe('The first key behind the range. Without it: no upper bound.'),
  backends: field
    .list(field.text('the address of a backend'))
    .min(1, { error: 'expected at least one backend, found none' })
    .describe('Addresses, written as in `backends`.'),
});

const settings = field.object({
  type: name.describe('Its name.'),
  key: key
    .optional()
    .describe(
      "What the backend depends on, for `key-modulo`, `key-ranges`, `consistent-hash` and `maglev`: `source` (the client's address), `uri`, `path`, `query(name)`, `header(name)`, `cookie(name)`, `rdp-cookie(name)` (of Remote Desktop, at TCP listeners), or `rule` (only what rules set).",
    ),
  subKey: field.flag.optional().describe('Of a key with `{…}` in it only that counts.'),
  bounded: field
    .number(1.01, 100)
    .optional()
    .describe(
      'No backend gets more than so many times its share of the requests under way; with `consistent-hash` and `maglev`.',
    ),
  table: field
    .integer(101, 655_373)
    .refine(isPrime, { error: field.wants('a prime number, such as 65537') })
    .optional()
    .describe(
      `Entries of the table of \`maglev\`: a prime number, at least a hundred times the backends. Without it: ${DEFAULTS.schedulerTable}.`,
    ),
  ranges: field
    .list(range)
    .min(1, { error: 'expected at least one range, found none' })
    .max(10_000, { error: 'expected at most 10000 ranges, found more' })
    .optional()
    .describe('Of `key-ranges`. A key in none of them goes to any backend.'),
  header: field.token
    .optional()
    .describe('The answer header in which backends report their weight, for `dynamic-ratio`.'),
});

export const scheduler = z.union([name, settings], {
  error: ({ input }) =>
    (typeof input === 'string' && name.safeParse(input).error?.issues[0]?.message) ||
    expectedFound('the name of a scheduler, or an object with `type` and its settings', input),
});

export type SchedulerFile = z.output<typeof scheduler>;
export type SchedulerSettings = z.output<typeof settings>;

export function schedulerSettings(file: SchedulerFile): SchedulerSettings {
  return typeof file === 'string' ? { type: file } : file;
}

export function resolveScheduler(file: SchedulerFile): SchedulerConfig {
  const given = schedulerSettings(file);
  return {
    type: given.type,
    key: given.key ?? null,
    subKey: given.subKey ?? false,
    bounded: given.bounded ?? null,
    table: given.table ?? DEFAULTS.schedulerTable,
    ranges: (given.ranges ?? []).map(({ from, to, backends }) => ({
      from: from ?? null,
      to: to ?? null,
      backends,
    })),
    header: given.header?.toLowerCase() ?? null,
  };
}

function isPrime(number: number): boolean {
  for (let divisor = 2; divisor * divisor <= number; divisor++) if (number % divisor === 0) return false;
  return number > 1;
}
