import { z } from 'zod';
import { AddressSetBuilder, didYouMean, parseDuration, parseSize } from '../api.ts';

/** The kinds of value that options are made of. Every message says what was expected and what was found. */

/** Node's timers fire at once when asked for more. */
const LONGEST_DURATION_MS = 2 ** 31 - 1;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

function expectedFound(expected: string, value: unknown): string {
  return value === undefined ? `missing: expected ${expected}` : `expected ${expected}, found ${show(value)}`;
}

function show(value: unknown): string {
  if (typeof value === 'string')
    return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

export function wants(expected: string): (issue: { readonly input?: unknown }) => string {
  return (issue) => expectedFound(expected, issue.input);
}

/** An object with these keys and no other. The message about unknown keys has one line for each of them. */
export function object<Shape extends z.ZodRawShape>(shape: Shape) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys
            .map(
              (key) =>
                `unknown key \`${key}\`${didYouMean(key, known) || `; expected one of ${known.join(', ')}`}`,
            )
            .join('\n')
        : expectedFound('an object', issue.input),
  });
}

/** `most`: what a user's list may hold is bounded where each entry costs something in a request. */
export function list<Item extends z.ZodType>(item: Item, most = 1000) {
  return z
    .array(item, { error: wants('a list') })
    .max(most, { error: `expected a list of at most ${most} entries` });
}

export function text(expected: string) {
  return z.string({ error: wants(expected) }).min(1, { error: wants(expected) });
}

export const flag = z.boolean({ error: wants('true or false') });

export function integer(least: number, most: number) {
  const error = wants(`an integer from ${least} to ${most}`);
  return z.int({ error }).min(least, { error }).max(most, { error });
}

const wantsPercent = wants('a percentage from 0 to 100');
export const percent = z
  .number({ error: wantsPercent })
  .min(0, { error: wantsPercent })
  .max(100, { error: wantsPercent });

/** One of these words. */
export function choice<const Names extends readonly [string, ...string[]]>(names: Names) {
  const expected =
    names.length === 1 ? `"${names[0]}"` : `one of ${names.map((each) => `"${each}"`).join(', ')}`;
  return z.enum(names, {
    error: ({ input }) =>
      expectedFound(expected, input) + (typeof input === 'string' ? didYouMean(input, names) : ''),
  });
}

/** An object whose keys are the user's own. */
export function record<Value extends z.ZodType>(key: z.ZodType<string, string>, value: Value) {
  return z.record(key, value, {
    error: (issue) =>
      issue.code === 'invalid_key'
        ? issue.issues.map(({ message }) => message).join('\n')
        : expectedFound('an object', issue.input),
  });
}

/** A string that `read` turns into something else; undefined: it is refused. */
export function readText<T>(expected: string, read: (text: string) => T | undefined) {
  return z.string({ error: wants(expected) }).transform((input, context) => {
    const value = read(input);
    if (value !== undefined) return value;
    context.addIssue({ code: 'custom', message: expectedFound(expected, input) });
    return z.NEVER;
  });
}

/** → milliseconds. */
export function duration(leastMs = 1) {
  return readText(
    leastMs > 1 ? `a duration of ${leastMs}ms or more, like "5s"` : 'a duration like "5s"',
    (input) => {
      const ms = parseDuration(input);
      return ms !== undefined && ms >= leastMs && ms <= LONGEST_DURATION_MS ? ms : undefined;
    },
  );
}

/** → milliseconds, for what no timer waits for: of any length. */
export function age(leastMs = 0) {
  return readText('a duration like "30d"', (input) => {
    const ms = parseDuration(input);
    return ms !== undefined && ms >= leastMs ? ms : undefined;
  });
}

/** → bytes. */
export function size(least = 1) {
  return readText(
    least > 1 ? `a size of ${least}B or more, like "64KiB"` : 'a size like "64KiB"',
    (input) => {
      const bytes = parseSize(input);
      return bytes !== undefined && bytes >= least ? bytes : undefined;
    },
  );
}

/** A header field's name, in lower case. */
export function fieldName() {
  return readText("a header field's name (RFC 9110 5.1)", (input) =>
    TOKEN.test(input) ? input.toLowerCase() : undefined,
  );
}

/** An address, or a block like `10.0.0.0/8`; as it is. */
export function addressRange() {
  return readText('an address or a range like "10.0.0.0/8"', (input) => {
    try {
      new AddressSetBuilder().add(input);
      return input;
    } catch {
      return undefined;
    }
  });
}

/** → the set of these addresses and ranges. */
export function addresses() {
  return list(addressRange(), 10_000).transform((entries) => {
    const builder = new AddressSetBuilder();
    for (const entry of entries) builder.add(entry);
    return builder.build();
  });
}
