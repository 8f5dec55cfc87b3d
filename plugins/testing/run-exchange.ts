import type { PluginResponse } from '../contract/exchange.ts';
import type { PluginHooks } from '../contract/hooks.ts';
import type { BodyHook, PluginAnswer, PluginHeaders } from '../contract/message.ts';
import { collect, passThrough, toBytes, type BodyPieces } from './body-pieces.ts';
import type { TestExchange } from './test-exchange.ts';
import { TestHeaders, type HeaderFields } from './test-headers.ts';

/** What a backend answers, or Tidegate itself. */
export interface TestBackendAnswer {
  /** 200 unless given. */
  readonly status?: number;
  readonly headers?: HeaderFields;
  /** With text or bytes there is a Content-Length; with pieces there is none. */
  readonly body?: string | Uint8Array | BodyPieces;
  /** Who made it; `backend` unless given. */
  readonly from?: PluginResponse['from'];
}

/** The request as the backend sees it. */
export interface SentRequest {
  readonly method: string;
  readonly target: string;
  readonly host: string;
  readonly headers: PluginHeaders;
  readonly body: Uint8Array;
  /** The body as UTF-8. */
  readonly text: string;
}

/** What became of an exchange. */
export interface TestedAnswer {
  /** null: the client got no answer (`abort`, or it went away). */
  readonly status: number | null;
  readonly headers: PluginHeaders;
  readonly body: Uint8Array;
  /** The body as UTF-8. */
  readonly text: string;
  /** The body in the pieces in which it left. */
  readonly pieces: readonly Uint8Array[];
  /** The client sees that the answer is not whole. */
  readonly isCutOff: boolean;
  /** null: it did not get to a backend. */
  readonly request: SentRequest | null;
  /** Where it went; null: to none. */
  readonly upstream: string | null;
  /** What the plugin has set for the rule script. */
  readonly variables: Readonly<Record<string, string | number | boolean>>;
  /** The plugin's fields of the access log entry. */
  readonly log: Readonly<Record<string, string | number | boolean>>;
}

export type TestBackend = (request: SentRequest) => TestBackendAnswer | Promise<TestBackendAnswer>;

interface Outgoing {
  readonly status: number;
  readonly headers: TestHeaders;
  readonly pieces: readonly Uint8Array[];
  readonly isCutOff: boolean;
}

/** One exchange through a plugin's hooks, in the order that contract/hooks.ts names. What a hook throws rejects. */
export async function runExchange(
  hooks: PluginHooks,
  exchange: TestExchange,
  body: BodyPieces,
  usualUpstream: string,
  backend: TestBackend,
): Promise<TestedAnswer> {
  const started = performance.now();
  const sent: { request: SentRequest | null } = { request: null };
  try {
    const outgoing = await exchangeOf();
    exchange.status = outgoing?.status ?? null;
    exchange.responseBytes = outgoing?.pieces.reduce((sum, piece) => sum + piece.length, 0) ?? 0;
    const whole = Buffer.concat(outgoing?.pieces ?? []);
    return {
      status: exchange.status,
      headers: outgoing?.headers ?? new TestHeaders(),
      body: whole,
      text: whole.toString(),
      pieces: outgoing?.pieces ?? [],
      isCutOff: outgoing?.isCutOff ?? false,
      request: sent.request,
      upstream: sent.request === null ? null : exchange.upstream,
      variables: exchange.variables,
      log: exchange.logFields,
    };
  } catch (error) {
    exchange.status = 500;
    exchange.error = 'plugin-fault';
    throw error;
  } finally {
    exchange.durationMs = performance.now() - started;
    hooks.log?.(exchange);
  }

  async function exchangeOf(): Promise<Outgoing | null> {
    const answer = await unlessEnded(hooks.request?.(exchange));
    if (exchange.ending !== null) return early();
    // Its own answer passes the plugins before it, of which there are none.
    if (answer) return answerOf(answer);

    exchange.request.isOnWayIn = false;
    exchange.upstream ??= usualUpstream;
    const bodyHook = exchange.request.hasBody ? (hooks.requestBody?.(exchange) ?? null) : null;
    exchange.backend = 'backend.test:80';
    hooks.upstream?.(exchange);
    if (exchange.ending !== null) return early();
    const pieces = await piecesOf(bodyHook, exchange.request.headers, body);
    if (exchange.ending !== null) return early();
    exchange.requestBytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const { method, target, host, headers } = exchange.request;
    const whole = Buffer.concat(pieces);
    sent.request = { method, target, host, headers, body: whole, text: whole.toString() };

    const answered = await backend(sent.request);
    const answerBody = answered.body ?? '';
    exchange.answered(headOf(answered, exchange.request.method));
    const coding = exchange.response.headers.get('content-encoding');
    const replaced = await unlessEnded(hooks.response?.(exchange));
    if (exchange.ending !== null) return early();
    if (replaced) return answerOf(replaced);
    const { response } = exchange;
    if (exchange.request.method === 'HEAD' && response.headers.get('content-encoding') !== coding)
      response.headers.remove('content-length');
    if (!response.hasBody) return { ...response, pieces: [], isCutOff: false };
    const responseHook = hooks.responseBody?.(exchange) ?? null;
    const left = await piecesOf(responseHook, response.headers, toPieces(answerBody));
    if (exchange.ending === null) return { ...response, pieces: left, isCutOff: false };
    return left.length === 0 ? early() : { ...response, pieces: left, isCutOff: true };
  }

  async function piecesOf(
    hook: BodyHook | null,
    headers: TestHeaders,
    from: BodyPieces,
  ): Promise<Uint8Array[]> {
    if (hook === null) return collect(from);
    if (hook.length === undefined || hook.decoded === true) headers.remove('content-length');
    else if (hook.length !== 'same') headers.write('Content-Length', String(hook.length));
    return passThrough(hook, headers.get('content-encoding'), from, () => exchange.ending !== null);
  }

  /** Waits for a hook, but not beyond the end of the exchange. */
  async function unlessEnded<T>(result: T | Promise<T>): Promise<T | undefined> {
    if (!(result instanceof Promise)) return result;
    if (exchange.signal.aborted) return undefined;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const leave = (): void => resolve(undefined);
    exchange.signal.addEventListener('abort', leave, { once: true });
    try {
      return await Promise.race([result, promise]);
    } finally {
      exchange.signal.removeEventListener('abort', leave);
    }
  }

  function early(): Promise<Outgoing | null> | null {
    const { ending } = exchange;
    return ending === null || typeof ending === 'string' ? null : answerOf(ending.answer);
  }

  async function answerOf(answer: PluginAnswer): Promise<Outgoing> {
    const headers = TestHeaders.of(answer.headers ?? {});
    const given = answer.body ?? null;
    const pieces: Uint8Array[] = [];
    let isCutOff = false;
    try {
      if (given !== null)
        for await (const piece of toPieces(given))
          if (piece !== null && piece.length > 0) pieces.push(Buffer.from(toBytes(piece)));
    } catch {
      isCutOff = true;
    }
    const came = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const isStream = given !== null && typeof given !== 'string' && !(given instanceof Uint8Array);
    const length = isStream ? answer.length : came;
    if (length !== undefined && length !== came) isCutOff = true;
    const hasBody = mayHaveBody(answer.status, exchange.request.method);
    if (length !== undefined && answer.status !== 204 && answer.status !== 304)
      headers.write('Content-Length', String(length));
    return { status: answer.status, headers, pieces: hasBody ? pieces : [], isCutOff: hasBody && isCutOff };
  }
}

function headOf(answer: TestBackendAnswer, method: string): TestExchange['response'] {
  const { status = 200, from = 'backend', body = '' } = answer;
  const headers = TestHeaders.of(answer.headers ?? {});
  const hasLength = typeof body === 'string' || body instanceof Uint8Array;
  const isEmpty = hasLength && body.length === 0;
  if (hasLength && status !== 204 && status !== 304 && !headers.has('content-length'))
    headers.add('Content-Length', String(Buffer.byteLength(body)));
  return { status, headers, from, hasBody: mayHaveBody(status, method) && !isEmpty };
}

function mayHaveBody(status: number, method: string): boolean {
  return method !== 'HEAD' && status !== 204 && status !== 304;
}

export function toPieces(body: string | Uint8Array | BodyPieces): BodyPieces {
  return typeof body === 'string' || body instanceof Uint8Array ? [body] : body;
}
