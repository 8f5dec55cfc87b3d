import { z } from 'zod';
import { readAddressRange } from './address-range.ts';
import { expectedFound } from './finding.ts';
import { parseAddress } from '../shared/address.ts';
import type { SocketAddressConfig } from '../shared/config-types.ts';
import { DURATION_PATTERN, formatDuration, LONGEST_DURATION_MS, parseDuration } from '../shared/duration.ts';
import { didYouMean } from '../shared/nearest-name.ts';
import { formatSize, parseSize, SIZE_PATTERN } from '../shared/size.ts';

/** The kinds of value that a config is made of. Every message says what was expected and what was found. */

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
/** Each is a socket, in the primary and in each worker. */
const MOST_PORTS = 1000;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

type Reading<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

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
            .map((key) => `unknown key${didYouMean(key, known) || `; expected one of ${known.join(', ')}`}`)
            .join('\n')
        : expectedFound('an object', issue.input),
  });
}

export function list<Item extends z.ZodType>(item: Item) {
  return z.array(item, { error: wants('a list') });
}

export function named<Value extends z.ZodType>(key: z.ZodString, value: Value) {
  return z.record(key, value, { error: wants('an object') });
}

export const name = z
  .string({ error: wants('a name') })
  .regex(NAME, {
    error: wants('a name of letters, digits, ".", "_" and "-" that begins with a letter or digit'),
  })
  .meta({ title: 'name' });

export function text(expected: string) {
  return z.string({ error: wants(expected) }).min(1, { error: wants(expected) });
}

export const path = text('a path').meta({ title: 'path' });
export const token = z
  .string({ error: wants('a token') })
  .regex(TOKEN, { error: wants('a token (RFC 9110 5.6.2)') });
export const flag = z.boolean({ error: wants('true or false') });

export function integer(least: number, most: number) {
  const error = wants(`an integer from ${least} to ${most}`);
  return z.int({ error }).min(least, { error }).max(most, { error });
}

export function number(least: number, most: number) {
  const error = wants(`a number from ${least} to ${most}`);
  return z.number({ error }).min(least, { error }).max(most, { error });
}

/** One of these words. */
export function choice<const Names extends readonly [string, ...string[]]>(names: Names) {
  const expected =
    names.length === 1 ? `"${names[0]}"` : `one of ${names.map((each) => `"${each}"`).join(', ')}`;
  return z.enum(names, {
    error: ({ input }) =>
      expectedFound(expected, input) + (typeof input === 'string' ? didYouMean(input, names) : ''),
  });
}

/** A string that `read` turns into something else or refuses. */
export function readText<T>(expected: string, read: (text: string) => Reading<T>) {
  return z.string({ error: wants(expected) }).transform((input, context) => {
    const reading = read(input);
    if (reading.ok) return reading.value;
    context.addIssue({ code: 'custom', message: reading.problem });
    return z.NEVER;
  });
}

function refuse(expected: string, input: string): { readonly ok: false; readonly problem: string } {
  return { ok: false, problem: expectedFound(expected, input) };
}

/** → milliseconds. */
export function duration(leastMs = 1, mostMs = LONGEST_DURATION_MS) {
  const expected = 'a duration like "5s"';
  return readText(expected, (input) => {
    const ms = parseDuration(input);
    if (ms === undefined) return refuse(expected, input);
    if (ms >= leastMs && ms <= mostMs) return { ok: true, value: ms };
    const most = mostMs < 3_600_000 ? mostMs : Math.floor(mostMs / 3_600_000) * 3_600_000;
    return refuse(`a duration from "${formatDuration(leastMs)}" to "${formatDuration(most)}"`, input);
  }).meta({ title: 'duration', pattern: DURATION_PATTERN.source });
}

/** → milliseconds, or null for 'none'. */
export function durationOrNone(leastMs = 1) {
  const expected = 'a duration like "5s", or "none"';
  return z
    .union([duration(leastMs), z.literal('none')], { error: wants(expected) })
    .transform((value) => (value === 'none' ? null : value));
}

/** → bytes. */
export function size(least = 1, most = Number.MAX_SAFE_INTEGER) {
  const expected = 'a size like "64KiB"';
  return readText(expected, (input) => {
    const bytes = parseSize(input);
    if (bytes === undefined) return refuse(expected, input);
    if (bytes < least) return refuse(`a size of at least "${formatSize(least)}"`, input);
    return bytes <= most
      ? { ok: true, value: bytes }
      : refuse(`a size of at most "${formatSize(most)}"`, input);
  }).meta({ title: 'size', pattern: SIZE_PATTERN.source });
}

/** → bytes, or null for 'none'. */
export function sizeOrNone() {
  const expected = 'a size like "64KiB", or "none"';
  return readText(expected, (input) => {
    const bytes = input === 'none' ? null : parseSize(input);
    return bytes === undefined ? refuse(expected, input) : { ok: true, value: bytes };
  }).meta({ title: 'size or "none"', pattern: `^none$|${SIZE_PATTERN.source}` });
}

/** → bytes in a second. */
export function rate() {
  const expected = 'a rate like "10MiB/s"';
  return readText(expected, (input) => {
    const bytes = input.endsWith('/s') ? parseSize(input.slice(0, -2)) : undefined;
    return bytes === undefined || bytes === 0 ? refuse(expected, input) : { ok: true, value: bytes };
  }).meta({ title: 'rate', pattern: `${SIZE_PATTERN.source.slice(0, -1)}/s$` });
}

/** → the number, or null for 'none'. */
export function integerOrNone(least: number, most: number) {
  const expected = `an integer from ${least} to ${most}, or "none"`;
  return z
    .union([integer(least, most), z.literal('none')], { error: wants(expected) })
    .transform((value) => (value === 'none' ? null : value));
}

/** An address to listen on: any form of `parseAddress`. */
export function listenAddress() {
  return address('an address like "127.0.0.1:8080", "[::1]:8080", ":8080" or "unix:/run/a.sock"', () => true);
}

export interface ListenAddressFile {
  readonly parsed: SocketAddressConfig;
  /** As written, for logs. */
  readonly text: string;
  readonly lastPort: number | null;
}

/** The same, or a range of ports like `127.0.0.1:6000-6010`: → the address of the first port, and the last one; null where there is no range. */
export function listenAddressRange() {
  const expected =
    'an address like "127.0.0.1:5432", "[::1]:5432", ":5432" or "unix:/run/a.sock", or ports like "127.0.0.1:6000-6010"';
  return readText<ListenAddressFile>(expected, (input) => {
    const range = /^(?!unix:)(.*:\d+)-(\d{1,5})$/.exec(input);
    const parsed = parseAddress(range?.[1] ?? input);
    if (parsed === undefined) return refuse(expected, input);
    if (range === null || parsed.kind === 'unix')
      return { ok: true, value: { parsed, text: input, lastPort: null } };
    const lastPort = Number(range[2]);
    return parsed.port > 0 &&
      lastPort > parsed.port &&
      lastPort <= Math.min(65_535, parsed.port + MOST_PORTS - 1)
      ? { ok: true, value: { parsed, text: input, lastPort } }
      : refuse(`a range of at most ${MOST_PORTS} ports, from 1 to 65535, the lower one first`, input);
  }).meta({ title: 'address or range of ports' });
}

/** An address to connect to: it names a host, and a port. */
export function connectAddress() {
  return address(
    'an address like "10.0.0.1:8080", "[fd00::1]:8080", "localhost:8080" or "unix:/run/a.sock"',
    (input, parsed) => parsed.kind === 'unix' || (parsed.port !== 0 && !input.startsWith(':')),
  );
}

/** → the address, and the text as written, which stands for it in logs. */
function address(expected: string, isFit: (input: string, parsed: SocketAddressConfig) => boolean) {
  return readText(expected, (input) => {
    const parsed = parseAddress(input);
    if (parsed === undefined || !isFit(input, parsed)) return refuse(expected, input);
    return { ok: true, value: { parsed, text: input } };
  }).meta({ title: 'address' });
}

export function addressRange() {
  return readText('an address or a range like "10.0.0.0/8"', (input) => {
    const range = readAddressRange(input);
    return range.ok ? { ok: true, value: range.cidr } : range;
  }).meta({ title: 'address range' });
}

/** An address range, or `unix:` for every peer on a Unix socket. */
export function trustedPeer() {
  return readText('an address, a range like "10.0.0.0/8", or "unix:"', (input) => {
    if (input === 'unix:') return { ok: true, value: input };
    const range = readAddressRange(input);
    return range.ok ? { ok: true, value: range.cidr } : range;
  }).meta({ title: 'address range or `unix:`' });
}

/** Permissions in octal, as a text, because a bare 0660 is 660 in YAML 1.2 and an error in JSON; → the number. */
export function fileMode() {
  const expected = 'permissions in octal and in quotes like "0660"';
  return readText(expected, (input) =>
    /^0?[0-7]{3}$/.test(input) ? { ok: true, value: Number.parseInt(input, 8) } : refuse(expected, input),
  ).meta({ title: 'permissions', pattern: '^0?[0-7]{3}$' });
}
