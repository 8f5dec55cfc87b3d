import { z } from 'zod';
import { DEFAULTS } from './defaults.ts';
import * as field from './fields.ts';

/** The part of the schema of an upstream that describes what happens when a backend fails. */

const CAUSES = ['connect-failure', 'reset', 'timeout', 'refused-stream'] as const;

const wantsCause = field.wants(
  `one of ${CAUSES.map((each) => `"${each}"`).join(', ')}, or a status from 400 to 599`,
);
const status = z.int({ error: wantsCause }).min(400, { error: wantsCause }).max(599, { error: wantsCause });
const cause = z.union([z.enum(CAUSES), status], { error: wantsCause });

const budget = field.object({
  share: field
    .number(0, 1)
    .prefault(DEFAULTS.retries.budget.share)
    .describe('Of the requests of the last ten seconds.'),
  minPerSecond: field
    .integer(0, 1_000_000)
    .prefault(DEFAULTS.retries.budget.minPerSecond)
    .describe('So many a second may be tried again whatever the share, in each worker.'),
});

const hedgeSettings = field.object({
  after: field
    .duration()
    .describe('How long the first one may take until then. Nearly all answers should be faster.'),
});

export const retries = field
  .object({
    attempts: field
      .integer(1, 100)
      .prefault(DEFAULTS.retries.attempts)
      .describe(
        'Attempts in all, the first included, for idempotent requests of which no byte of an answer was passed on. Backends that refuse a connection may be followed by others beyond that, unless it is 1.',
      ),
    on: field
      .list(cause)
      .prefault([...DEFAULTS.retries.on])
      .describe(
        'What leads to another attempt: no connection, one that broke before an answer, no answer in time, a stream that was refused (HTTP/2), and these statuses of answers.',
      ),
    budget: z
      .union([z.literal('none'), budget], {
        error: field.wants('an object with `share` and `minPerSecond`, or "none"'),
      })
      .prefault({})
      .describe('How many of the requests may be tried again.'),
    body: field
      .size(0)
      .prefault(DEFAULTS.retries.body)
      .describe(
        'A request body up to this size is kept until the answer begins, so that it can be sent again.',
      ),
    hedge: z
      .union([z.literal(false), hedgeSettings], { error: field.wants('false, or an object with `after`') })
      .prefault(false)
      .describe(
        'Ask a second backend when the first has not answered for a while, and take the answer that comes first: GET, HEAD and OPTIONS without a body.',
      ),
  })
  .refine(({ attempts, hedge }) => hedge === false || attempts > 1, {
    error: 'expected at least 2 with `hedge`',
    path: ['attempts'],
  });

export const circuitBreaker = field.object({
  failures: field
    .integer(1, 1_000_000)
    .prefault(DEFAULTS.circuitBreaker.failures)
    .describe('Failed attempts and 5xx answers in a row that open it.'),
  errorRatio: field
    .number(0.01, 1)
    .prefault(DEFAULTS.circuitBreaker.errorRatio)
    .describe('The share of them among the requests of `window` that opens it.'),
  minRequests: field
    .integer(1, 1_000_000)
    .prefault(DEFAULTS.circuitBreaker.minRequests)
    .describe('How many requests there must have been in `window` for `errorRatio` to count.'),
  window: field.duration().prefault(DEFAULTS.circuitBreaker.window).describe('What `errorRatio` looks at.'),
  openFor: field
    .duration()
    .prefault(DEFAULTS.circuitBreaker.openFor)
    .describe('How long no request goes to the backend.'),
  halfOpen: field
    .integer(1, 10_000)
    .prefault(DEFAULTS.circuitBreaker.halfOpen)
    .describe('So many requests at a time try the backend then; when as many have succeeded, it closes.'),
});
