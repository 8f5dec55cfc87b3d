import type { z } from 'zod';
import { choice, duration, flag, integer, list, object, readText } from '../fields.ts';
import { keyOptions } from '../request-key.ts';
import type { Limit } from './counter.ts';

const SECONDS = new Map([
  [1, 'per-second'],
  [60, 'per-minute'],
  [3600, 'per-hour'],
  [86_400, 'per-day'],
]);

const limit = object({
  requests: integer(1, 1_000_000_000),
  per: duration(),
  burst: integer(1, 1_000_000_000).optional(),
  // a String of RFC 9651 without escapes
  name: readText('a name of letters, digits, ".", "_" and "-"', (input) =>
    /^[A-Za-z0-9._-]{1,64}$/.test(input) ? input : undefined,
  ).optional(),
});

export const options = object({
  limits: list(limit, 10).min(1, { error: 'expected at least one limit' }),
  algorithm: choice(['token-bucket', 'sliding-window']).default('token-bucket'),
  ...keyOptions,
  maxKeys: integer(1, 10_000_000).default(100_000),
  status: integer(400, 599).default(429),
  headers: flag.default(true),
  dryRun: flag.default(false),
})
  .superRefine(({ limits, algorithm }, context) => {
    const names = new Set<string>();
    for (const [i, each] of limits.entries()) {
      if (algorithm === 'sliding-window' && each.burst !== undefined) {
        context.addIssue({
          code: 'custom',
          path: ['limits', i, 'burst'],
          message: 'a sliding window has no burst: it lets `requests` come at once',
        });
      }
      const name = nameOf(each);
      if (names.has(name)) {
        context.addIssue({
          code: 'custom',
          path: ['limits', i],
          message: `there are two limits "${name}": name one of them by \`name\``,
        });
      }
      names.add(name);
    }
  })
  .transform(({ limits, ...others }) => ({ ...others, limits: limits.map(limitOf) }));

export type RateLimitOptions = z.input<typeof options>;
export type Options = z.output<typeof options>;

function limitOf(each: z.output<typeof limit>): Limit {
  return {
    name: nameOf(each),
    requests: each.requests,
    perMs: each.per,
    burst: each.burst ?? each.requests,
  };
}

function nameOf({ name, per }: z.output<typeof limit>): string {
  return name ?? SECONDS.get(per / 1000) ?? `per-${per}ms`;
}
