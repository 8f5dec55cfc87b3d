import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingHttpHeaders } from 'node:http';
import { Agent, request } from 'node:https';
import { text } from 'node:stream/consumers';

import * as acme from 'acme-client';
import { z } from 'zod';
import { packageVersion } from '../core/shared/package-version.ts';
import { errorOfAnswer, parseProblem, parseRetryAfter, problemPrefix } from './acme-problem.ts';
import { IssuerError } from './issuer.ts';
import { Places } from './places.ts';

const ANSWER_TIMEOUT_MS = 30_000;
/** A chain of ten RSA-4096 certificates takes 20 KiB. */
const MOST_ANSWER_BYTES = 1024 * 1024;
const MOST_NONCES = 20;
/** Thousands of certificates may have something to ask at once, after a start. */
const MOST_REQUESTS = 10;
/** As many as acme-client makes by itself. */
const NONCE_RETRIES = 5;
/** Of all those. */
const NONCE_ROUNDS = 6;

/** After so long the CA may have moved something. */
const DIRECTORY_MS = 24 * 3_600_000;

const directory = z.object({
  newNonce: z.string(),
  revokeCert: z.string().optional(),
  /** RFC 9773 3. */
  renewalInfo: z.string().optional(),
});
type Directory = z.infer<typeof directory>;

interface Call {
  readonly connection: AcmeConnection;
  readonly signal: AbortSignal;
  retryAfterMs: number | null;
  hadBadNonce: boolean;
}

/** For which connection and caller a request of acme-client is made; its own interface has no room for either. */
const calls = new AsyncLocalStorage<Call>();

// It would print tokens where DEBUG is set.
acme.setLogger(() => {});
// Its own way of sending repeats requests after errors, follows `HTTP_PROXY` and loses why a request failed.
acme.axios.defaults.adapter = async (config) => {
  const call = calls.getStore();
  if (call === undefined) throw new Error('a request to a CA outside of AcmeConnection.run');
  const { method = 'get', url = '' } = config;
  const data: unknown = config.data;
  const nonce = method === 'head' ? call.connection.takeNonce() : undefined;
  if (nonce !== undefined)
    return { status: 200, statusText: '', headers: { 'replay-nonce': nonce }, data: '', config };
  const answer = await call.connection.send(method, url, typeof data === 'string' ? data : null, call);
  return { ...answer, statusText: '', headers: singleFields(answer.headers), config };
};

/** Requests to one CA: with its own authorities, and bounded in time and size. */
export class AcmeConnection {
  readonly #agent: Agent;
  readonly #places = new Places(MOST_REQUESTS);
  /** From earlier answers (RFC 8555 6.5): spare a request each. */
  readonly #nonces: string[] = [];
  #directory: { readonly value: Directory; readonly at: number } | null = null;

  constructor(ca: string | null) {
    this.#agent = new Agent(ca === null ? {} : { ca });
  }

  /**
   * Runs something that uses acme-client. `retryAfterMs`: of the last answer.
   * @throws IssuerError
   */
  async run<T>(
    signal: AbortSignal,
    work: (call: Call) => Promise<T>,
  ): Promise<{ readonly value: T; readonly retryAfterMs: number | null }> {
    for (let round = 1; ; round++) {
      const call = this.#call(signal);
      try {
        const value = await calls.run(call, () => work(call));
        return { value, retryAfterMs: call.retryAfterMs };
      } catch (error) {
        if (error instanceof IssuerError) throw error;
        if (!call.hadBadNonce)
          throw new IssuerError('bad-answer', `the CA's answer cannot be used: ${messageOf(error)}`, {
            cause: error,
          });
        if (round === NONCE_ROUNDS)
          throw new IssuerError('unreachable', 'the CA takes none of its own nonces', { cause: error });
      }
    }
  }

  /**
   * What the CA's directory says beyond what acme-client gives out (RFC 8555 7.1.1).
   * @throws IssuerError
   */
  async directory(url: string, signal: AbortSignal): Promise<Directory> {
    if (this.#directory === null || Date.now() - this.#directory.at > DIRECTORY_MS) {
      const { value } = await this.getJson(url, signal);
      const result = directory.safeParse(value);
      if (!result.success) throw new IssuerError('bad-answer', `there is no ACME directory at ${url}`);
      this.#directory = { value: result.data, at: Date.now() };
    }
    return this.#directory.value;
  }

  /** @throws IssuerError */
  async getJson(
    url: string,
    signal: AbortSignal,
  ): Promise<{ readonly value: unknown; readonly retryAfterMs: number | null }> {
    const call = this.#call(signal);
    const { data } = await this.send('get', url, null, call);
    try {
      return { value: JSON.parse(data), retryAfterMs: call.retryAfterMs };
    } catch (cause) {
      throw new IssuerError('bad-answer', `the CA's answer is not JSON: ${url}`, { cause });
    }
  }

  takeNonce(): string | undefined {
    return this.#nonces.pop();
  }

  /**
   * Posts what acme-client has no call for. `newNonce`: URL; `sign` makes the body.
   * @throws IssuerError
   */
  async post(
    { url, newNonce }: { readonly url: string; readonly newNonce: string },
    sign: (nonce: string) => string,
    signal: AbortSignal,
  ): Promise<void> {
    await this.run(signal, async (call) => {
      for (let attempt = 0; attempt <= NONCE_RETRIES; attempt++) {
        const nonce =
          this.takeNonce() ?? (await this.send('head', newNonce, null, call)).headers['replay-nonce'];
        if (typeof nonce !== 'string') throw new Error('there is no nonce in it');
        await this.send('post', url, sign(nonce), call);
        if (!call.hadBadNonce) return;
      }
      throw new Error('the nonce was refused');
    });
  }

  /** Throws IssuerError for every answer that is an error, but for that to a nonce, which acme-client repeats. */
  async send(
    method: string,
    url: string,
    body: string | null,
    call: Call,
  ): Promise<{ readonly status: number; readonly headers: IncomingHttpHeaders; readonly data: string }> {
    const { status, headers, data } = await this.#exchange(method, url, body, call.signal);
    call.retryAfterMs = parseRetryAfter(headers['retry-after'], Date.now());
    call.hadBadNonce = status === 400 && parseProblem(data)?.type === `${problemPrefix}badNonce`;
    if (call.hadBadNonce) return { status, headers, data };
    const nonce = headers['replay-nonce'];
    if (method === 'post' && typeof nonce === 'string' && this.#nonces.length < MOST_NONCES)
      this.#nonces.push(nonce);
    if (status >= 400) throw errorOfAnswer(status, data, call.retryAfterMs);
    return { status, headers, data };
  }

  #call(signal: AbortSignal): Call {
    return { connection: this, signal, retryAfterMs: null, hadBadNonce: false };
  }

  async #exchange(
    method: string,
    url: string,
    body: string | null,
    callerSignal: AbortSignal,
  ): Promise<{ readonly status: number; readonly headers: IncomingHttpHeaders; readonly data: string }> {
    // RFC 8555 6.1: HTTPS alone.
    if (!url.startsWith('https://'))
      throw new IssuerError('bad-answer', `the CA named a URL that is not of https: ${url.slice(0, 200)}`);
    const leave = await this.#places.take(callerSignal).catch((cause: unknown) => {
      throw new IssuerError('aborted', 'given up', { cause });
    });
    const signal = AbortSignal.any([callerSignal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]);
    const answer = Promise.withResolvers<{ status: number; headers: IncomingHttpHeaders; data: string }>();
    try {
      const outgoing = request(url, {
        method: method.toUpperCase(),
        agent: this.#agent,
        signal,
        headers: {
          'user-agent': `tidegate/${packageVersion()}`,
          'accept-language': 'en',
          ...(body === null
            ? {}
            : { 'content-type': 'application/jose+json', 'content-length': Buffer.byteLength(body) }),
        },
      });
      outgoing.on('error', answer.reject);
      outgoing.on('response', (incoming) => {
        let bytes = 0;
        incoming.on('data', (piece: Buffer) => {
          bytes += piece.length;
          if (bytes > MOST_ANSWER_BYTES) incoming.destroy(new Error('the answer is too large'));
        });
        text(incoming).then(
          (data) => answer.resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, data }),
          answer.reject,
        );
      });
      outgoing.end(body ?? undefined);
      return await answer.promise;
    } catch (error) {
      if (callerSignal.aborted) throw new IssuerError('aborted', 'given up', { cause: error });
      const why = signal.aborted ? `no answer within ${ANSWER_TIMEOUT_MS / 1000} s` : messageOf(error);
      throw new IssuerError('unreachable', `the CA could not be asked (${new URL(url).host}): ${why}`, {
        cause: error,
      });
    } finally {
      leave();
    }
  }
}

function singleFields(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );
}

/** Of a connection that failed on all addresses of a name only the code is left. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : '';
  return error.message === '' ? code : error.message;
}
