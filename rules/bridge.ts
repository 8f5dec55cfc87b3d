import type {
  HeaderEdit,
  LogDecision,
  PickCandidate,
  RequestDecision,
  ResponseEdits,
  RuleRequest,
} from '../core/shared/rule-script.ts';
import { isPriority, type Priority } from '../core/shared/priority.ts';
import {
  fieldNameProblem,
  fieldValueProblem,
  hasControls,
  isHost,
  isVisibleAscii,
  quote,
} from './runtime/field-rules.ts';
import { MAX_BODY_BYTES, MAX_FIELDS, MAX_JSON_LENGTH, MAX_KEY_LENGTH } from './runtime/limits.ts';

/**
 * What crosses between host and sandbox. In: one string for a request. Out: a number, or one JSON
 * array, behind which `respond` has a line feed and the body. The sandbox may be hostile, so nothing that comes out is believed before it is checked here.
 */

/** `ok: false`: the script threw (then with the stack of the error, in the bundle's positions) or returned what is no decision. */
export type Decoded<T> = { readonly ok: true; readonly value: T; readonly id: number } | ScriptError;

export interface ScriptError {
  readonly ok: false;
  readonly reason: string;
  readonly stack: string;
}

const MAX_TARGET_LENGTH = 32 * 2 ** 10;

/** See `runtime/request.ts` for the other side. The path is left out where it is the target's own, so are variables where there are none. */
export function encodeRequest(request: RuleRequest): string {
  const { target, path, tls = '', variables = '' } = request;
  const ends = target.charCodeAt(path.length);
  const same = (target.length === path.length || ends === 0x3f) && target.startsWith(path);
  return `${target}\n${same ? '' : path}\n${request.host}\n${request.clientAddress}\n${request.method}\n${request.scheme}\n${variables === '' ? tls : `${tls}\t${variables}`}\n${request.head}`;
}

export function encodeCandidates(candidates: readonly PickCandidate[]): string {
  return JSON.stringify(candidates);
}

export function decodeRequestResult(result: unknown): Decoded<RequestDecision> {
  return decode(result, (kind, id, items) => {
    switch (kind) {
      case 'next':
        return { kind, edits: editsOf(items[0]) };
      case 'forward':
        return {
          kind,
          edits: editsOf(items[0]),
          upstream: text(items[1], 'the upstream'),
          target: items[2] === null ? null : targetOf(items[2]),
          host: items[3] === null ? null : hostOf(items[3]),
          ...keyOf(items[4]),
          ...priorityOf(items[5]),
        };
      case 'redirect':
        return { kind, location: locationOf(items[0]), status: status(items[1], 300, 399) };
      case 'respond':
        return respondOf(items);
      case 'deny':
        return { kind, status: status(items[0], 400, 599) };
      default:
        throw new TypeError(`the script returned a decision of unknown kind (${id})`);
    }
  });
}

export function decodeResponseResult(result: unknown): Decoded<ResponseEdits> {
  if (result === 0) return { ok: true, value: null, id: 0 };
  return decode(result, (kind, _id, items) => {
    if (kind !== 'response') throw new TypeError('the script returned no change of a response');
    return { status: items[0] === null ? null : status(items[0], 200, 599), edits: editsOf(items[1]) };
  });
}

export function decodeLogResult(result: unknown): Decoded<LogDecision> {
  if (result === 0 || result === 1) return { ok: true, value: result === 1, id: 0 };
  return decode(result, (kind, _id, items) => {
    const given = items[0];
    if (kind !== 'log' || typeof given !== 'object' || given === null)
      throw new TypeError('the script returned no log fields');
    const fields: Record<string, string | number | boolean> = {};
    for (const [name, value] of Object.entries(given)) {
      if (name === '__proto__') continue;
      if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
        throw new TypeError(`the log field ${quote(name)} is neither string nor number nor boolean`);
      }
      fields[name] = value;
    }
    return fields;
  });
}

export function decodePickResult(result: unknown, count: number): Decoded<number> {
  if (typeof result === 'number' && Number.isInteger(result) && result >= -1 && result < count)
    return { ok: true, value: result, id: 0 };
  return decode<number>(result, () => {
    throw new TypeError('the script picked what is no candidate');
  });
}

export function decodeCertificateResult(result: unknown): Decoded<boolean> {
  if (result === 0 || result === 1) return { ok: true, value: result === 1, id: 0 };
  return decode<boolean>(result, () => {
    throw new TypeError('the script said neither yes nor no');
  });
}

/** `["fault", message, stack]`, or `[kind, …]` with an id as second item where `read` wants one (0: none). */
export function decode<T>(
  result: unknown,
  read: (kind: string, id: number, items: readonly unknown[]) => T,
): Decoded<T> {
  try {
    const [kind, second, ...rest] = arrayOf(result);
    if (kind === 'fault')
      return { ok: false, reason: shown(second), stack: typeof rest[0] === 'string' ? rest[0] : '' };
    if (typeof kind !== 'string') throw new TypeError('the script returned no decision');
    const hasId = kind !== 'response' && kind !== 'log';
    const id =
      hasId && typeof second === 'number' && Number.isInteger(second) && second > 0 && second <= MAX_IDS
        ? second
        : 0;
    return { ok: true, value: read(kind, id, hasId ? rest : [second, ...rest]), id };
  } catch (error) {
    return {
      ok: false,
      reason: error instanceof Error ? error.message : 'the script returned no decision',
      stack: '',
    };
  }
}

/** So many decisions of a script are known by number. */
const MAX_IDS = 1000;

function arrayOf(result: unknown): readonly unknown[] {
  if (typeof result !== 'string')
    throw new TypeError(
      `the script returned ${typeof result === 'number' ? 'an unknown number' : 'no decision'}`,
    );
  // JSON of one line has no line feed, a body may have many.
  const lineEnd = result.indexOf('\n');
  const json = lineEnd === -1 ? result : result.slice(0, lineEnd);
  if (json.length > MAX_JSON_LENGTH) throw new TypeError('what the script returned is too long');
  const value: unknown = JSON.parse(json);
  if (!Array.isArray(value)) throw new TypeError('the script returned no decision');
  const items: unknown[] = value;
  return lineEnd === -1 ? items : [...items, result.slice(lineEnd + 1)];
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 1000) : 'an error without a message';
}

export function text(value: unknown, what: string): string {
  if (typeof value !== 'string') throw new TypeError(`${what} is no string`);
  return value;
}

function status(value: unknown, from: number, to: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < from || value > to) {
    throw new TypeError(`the status is not ${from} to ${to}: ${shown(String(value))}`);
  }
  return value;
}

function targetOf(value: unknown): string {
  const target = text(value, 'the path to forward to');
  if (
    !target.startsWith('/') ||
    !isVisibleAscii(target) ||
    target.includes('#') ||
    target.length > MAX_TARGET_LENGTH
  ) {
    throw new TypeError(`${quote(target)} is no path to forward to`);
  }
  return target;
}

function hostOf(value: unknown): string {
  const host = text(value, 'the host');
  if (!isHost(host)) throw new TypeError(`${quote(host)} is no host`);
  return host;
}

/** Absent where there is none. */
export function keyOf(value: unknown): { readonly key?: string } {
  if (value === null || value === '') return {};
  return { key: text(value, 'the key').slice(0, MAX_KEY_LENGTH) };
}

/** Absent where there is none. */
export function priorityOf(value: unknown): { readonly priority?: Priority } {
  if (value === null) return {};
  if (!isPriority(value)) throw new TypeError('the priority is none');
  return { priority: value };
}

function locationOf(value: unknown): string {
  const location = text(value, 'the location');
  if (location === '' || hasControls(location) || !isVisibleAscii(location))
    throw new TypeError(`${quote(location)} is no location to redirect to`);
  return location;
}

function respondOf(items: readonly unknown[]): RequestDecision {
  const code = status(items[0], 200, 599);
  const flat = strings(items[1]);
  const headers: (readonly [string, string])[] = [];
  for (let index = 0; index + 1 < flat.length; index += 2) headers.push(field(flat[index], flat[index + 1]));
  const body = text(items[2], 'the body');
  if (body !== '' && (code === 204 || code === 205 || code === 304))
    throw new TypeError(`an answer of status ${code} has no body`);
  const bytes = Buffer.byteLength(body);
  if (bytes > MAX_BODY_BYTES)
    throw new TypeError(`the body is ${bytes} bytes long, more than ${MAX_BODY_BYTES}`);
  return { kind: 'respond', status: code, headers, body };
}

function editsOf(value: unknown): readonly HeaderEdit[] {
  const flat = strings(value);
  const edits: HeaderEdit[] = [];
  for (let index = 0; index + 2 < flat.length; index += 3) {
    const op = flat[index];
    const [name, fieldValue] = field(flat[index + 1], flat[index + 2]);
    if (op === 'delete') edits.push({ op, name });
    else if (op === 'set' || op === 'append') edits.push({ op, name, value: fieldValue });
    else throw new TypeError('the script returned an unknown change of a header');
  }
  return edits;
}

function field(name: string | undefined, value: string | undefined): readonly [string, string] {
  if (name === undefined || value === undefined) throw new TypeError('the script returned half a header');
  const problem = fieldNameProblem(name) ?? fieldValueProblem(name, value);
  if (problem !== null) throw new TypeError(problem);
  return [name, value];
}

function strings(value: unknown): readonly string[] {
  if (!Array.isArray(value)) throw new TypeError('the script returned no list of headers');
  if (value.length > 3 * MAX_FIELDS)
    throw new TypeError(`the script returned more than ${MAX_FIELDS} headers or changes of headers`);
  return value.map((item: unknown) => text(item, 'a part of a header'));
}
