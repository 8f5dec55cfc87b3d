import { decideEach } from './batch.ts';
import { RequestClient } from './client.ts';
import { connect } from './connect.ts';
import { HANDLERS, MadeRules, type Candidate, type LogEntry, type Rules } from './define-rules.ts';
import { MadeDecision } from './decisions.ts';
import { MAX_KNOWN_BODY_LENGTH } from './limits.ts';
import { queryOf, RequestHandle } from './request.ts';
import { ResponseHandle } from './response.ts';
import { describe, isThenable, promiseReturned } from './returned.ts';

/**
 * The functions that the host calls. Each returns a number or one JSON string (`respond` with its body behind); `rules/bridge.ts`
 * is the other side. None throws for what the script did: a fault is `["fault", message, stack]`.
 */
export interface Calls {
  readonly handles: string;
  /** `bytes`: Latin-1; undefined where there are none yet. */
  connect(text: string, bytes: string | undefined): number | string;
  request(text: string): number | string;
  /** Several in one call: see `batch.ts`. */
  requests(text: string): string;
  response(status: number, head: string, text: string): number | string;
  log(entry: string): number | string;
  pick(candidates: string, text: string): number | string;
  certificate(name: string, client: string): number | string;
  /** Explain mode: the stack of the call that made the last decision. */
  where(): string;
}

declare global {
  var tidegateCalls: Calls | undefined;
}

const { stringify } = JSON;
/** The host wrote them, so they are what they say. */
const parseEntry: (json: string) => LogEntry = JSON.parse;
const parseCandidates: (json: string) => readonly Candidate[] = JSON.parse;
const MAX_IDS = 1000;
const SENT = 'the request is sent already: its headers can change in the `request` handler only';
let ids = 0;
let lastStack = '';

/** Checks what the script exports and hands the host its functions. Throws a TypeError for a script without `defineRules`. */
export function start(exported: unknown): void {
  const rules = MadeRules.of(exported);
  if (rules === undefined) throw new TypeError('the script must `export default defineRules({ … })`');
  globalThis.tidegateCalls = {
    handles: stringify(HANDLERS.filter((name) => rules[name] !== undefined)),
    connect: (text, bytes) => guarded(() => connectNow(rules, text, bytes ?? null)),
    request: (text) => guardedRequest(rules, text),
    requests: (text) => decideEach(text, (one) => guardedRequest(rules, one)),
    response: (status, head, text) => guarded(() => response(rules, status, head, text)),
    log: (entry) => guarded(() => log(rules, entry)),
    pick: (candidates, text) => guarded(() => pick(rules, candidates, text)),
    certificate: (name, client) => guarded(() => certificate(rules, name, client)),
    where: () => lastStack,
  };
}

function guarded(call: () => number | string): number | string {
  try {
    return call();
  } catch (error) {
    return fault(error);
  }
}

function guardedRequest(rules: Rules, text: string): number | string {
  try {
    return request(rules, text);
  } catch (error) {
    return fault(error);
  }
}

function fault(error: unknown): string {
  try {
    const isError = error instanceof Error;
    return stringify([
      'fault',
      isError ? `${error.name}: ${error.message}` : `thrown: ${String(error)}`,
      isError ? String(error.stack) : '',
    ]);
  } catch {
    return '["fault","the script threw a value that cannot be shown",""]';
  }
}

function connectNow(rules: Rules, text: string, bytes: string | null): number | string {
  lastStack = '';
  const { result, stack } = connect(rules, text, bytes);
  lastStack = stack;
  return result;
}

function request(rules: Rules, text: string): number | string {
  const req = new RequestHandle(text, null);
  const returned: unknown = rules.request?.(req);
  const edits = RequestHandle.edits(req);
  lastStack = '';
  if (returned === undefined) return edits === null ? 0 : stringify(['next', 0, edits]);
  const decision = MadeDecision.of(returned);
  if (decision === undefined) throw notADecision(returned);
  lastStack = MadeDecision.stack(decision);
  if (decision.id !== 0 && edits === null) return decision.id;
  return encode(decision, req, edits ?? []);
}

function encode(decision: MadeDecision, req: RequestHandle, edits: string[]): number | string {
  const parts = MadeDecision.parts(decision);
  if (parts.kind === 'next') return edits.length === 0 ? 0 : stringify(['next', 0, edits]);
  // Only what is the same for every request may cross as a number from now on.
  const keepsQuery = parts.kind === 'forward' && parts.path !== null && !parts.path.includes('?');
  const isLong = parts.kind === 'respond' && parts.body.length > MAX_KNOWN_BODY_LENGTH;
  const recurs = edits.length === 0 && !keepsQuery && !isLong && ++decision.uses > 1;
  if (recurs && decision.id === 0 && ids < MAX_IDS) decision.id = ++ids;
  const id = recurs ? decision.id : 0;
  switch (parts.kind) {
    case 'forward': {
      const target = keepsQuery ? `${parts.path}${queryOf(req.target)}` : parts.path;
      return stringify([
        'forward',
        id,
        [...edits, ...parts.edits],
        parts.upstream,
        target,
        parts.host,
        parts.key,
        parts.priority,
      ]);
    }
    case 'redirect':
      return stringify(['redirect', id, parts.location, parts.status]);
    case 'respond':
      return `${stringify(['respond', id, parts.status, parts.headers])}\n${parts.body}`;
    case 'deny':
      return stringify(['deny', id, parts.status ?? 403]);
    case 'inspect':
      throw new TypeError(
        'inspect: the `request` handler has the request: only `connect` can ask for first bytes',
      );
  }
}

function response(rules: Rules, status: number, head: string, text: string): number | string {
  const res = new ResponseHandle(status, head);
  const returned: unknown = rules.response?.(res, new RequestHandle(text, SENT));
  if (isThenable(returned)) throw promiseReturned('response');
  if (returned !== undefined) throw new TypeError('the `response` handler changes `res` and returns nothing');
  const [newStatus, edits] = ResponseHandle.changes(res);
  return newStatus === null && edits === null ? 0 : stringify(['response', newStatus, edits ?? []]);
}

function log(rules: Rules, entry: string): number | string {
  const returned: unknown = rules.log?.(parseEntry(entry));
  if (returned === undefined || returned === true) return 1;
  if (returned === false) return 0;
  if (isThenable(returned)) throw promiseReturned('log');
  if (typeof returned !== 'object' || returned === null) {
    throw new TypeError(
      `the \`log\` handler returned ${describe(returned)}: it returns true, false, an object with more fields, or nothing`,
    );
  }
  return stringify(['log', returned]);
}

function pick(rules: Rules, candidates: string, text: string): number {
  const list = parseCandidates(candidates);
  const returned: unknown = rules.pick?.(list, new RequestHandle(text, SENT));
  if (returned === undefined) return -1;
  if (isThenable(returned)) throw promiseReturned('pick');
  const index =
    typeof returned === 'number' ? returned : list.findIndex((candidate) => candidate === returned);
  if (!Number.isInteger(index) || index < 0 || index >= list.length) {
    throw new TypeError(
      `the \`pick\` handler returned ${describe(returned)}: it returns one of the candidates, its index, or nothing`,
    );
  }
  return index;
}

function certificate(rules: Rules, name: string, client: string): number {
  const returned: unknown = rules.certificate?.(name, new RequestClient(client));
  if (returned === true) return 1;
  if (returned === false || returned === undefined) return 0;
  if (isThenable(returned)) throw promiseReturned('certificate');
  throw new TypeError(
    `the \`certificate\` handler returned ${describe(returned)}: it returns true, false or nothing`,
  );
}

function notADecision(returned: unknown): TypeError {
  if (isThenable(returned)) return promiseReturned('request');
  return new TypeError(
    `the \`request\` handler returned ${describe(returned)}: it returns what forward, redirect, respond, deny or next makes, or nothing`,
  );
}
