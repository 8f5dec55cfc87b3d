import { connect, constants } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2';
import type { Socket } from 'node:net';
import { open } from './open.ts';
import { failureOf } from './probe.ts';
import type { CheckTarget, ProbeResult, RunningProbe } from './probe.ts';

export interface Http2Answer {
  readonly status: number;
  /** The header fields, and those behind the body. */
  readonly fields: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

const longestBody = 64 * 1024;

/** One request over HTTP/2 on a connection of its own. */
export class Http2Exchange implements RunningProbe {
  readonly #target: CheckTarget;
  readonly #done: (result: ProbeResult) => void;
  readonly #socket: Socket;
  #session: ClientHttp2Session | null = null;
  #isOver = false;

  /** `judge` is given the whole answer, or its first 64 KiB. */
  constructor(
    target: CheckTarget,
    request: { readonly headers: OutgoingHttpHeaders; readonly body: Buffer | null },
    judge: (answer: Http2Answer) => ProbeResult,
    done: (result: ProbeResult) => void,
  ) {
    this.#target = target;
    this.#done = done;
    const { socket, ready } = open(target, ['h2']);
    this.#socket = socket;
    const onError = (error: Error): void => this.#finish(failureOf(error));
    socket.on('error', onError);
    socket.on('close', () => this.#finish({ ok: false, reason: 'closed the connection' }));
    socket.once(ready, () => {
      if (this.#isOver) return;
      if ('alpnProtocol' in socket && socket.alpnProtocol !== 'h2')
        return this.#finish({ ok: false, reason: 'does not choose h2 by ALPN' });
      const scheme = target.tls === null ? 'http' : 'https';
      const session = connect(`${scheme}://health`, { createConnection: () => socket });
      this.#session = session;
      session.on('error', onError);
      const stream = session.request(
        { ':scheme': scheme, ...request.headers },
        { endStream: request.body === null },
      );
      if (request.body !== null) stream.end(request.body);
      stream.on('error', onError);
      this.#read(stream, judge);
    });
  }

  timeOut(): ProbeResult {
    const stage = this.#session === null ? 'no connection' : 'no complete answer';
    this.cancel();
    return { ok: false, reason: `${stage} within ${this.#target.check.timeoutMs} ms` };
  }

  cancel(): void {
    this.#isOver = true;
    this.#close();
  }

  #read(stream: ClientHttp2Stream, judge: (answer: Http2Answer) => ProbeResult): void {
    const fields = new Map<string, string>();
    const pieces: Buffer[] = [];
    let bytes = 0;
    let status = 0;
    const note = (headers: Readonly<Record<string, unknown>>): void => {
      for (const [name, value] of Object.entries(headers)) {
        if (typeof value === 'string' || typeof value === 'number') fields.set(name, String(value));
      }
    };
    const finish = (): void => {
      if (status !== 0) this.#finish(judge({ status, fields, body: Buffer.concat(pieces) }));
    };
    stream.on('response', (headers) => {
      note(headers);
      status = Number(headers[constants.HTTP2_HEADER_STATUS]);
    });
    stream.on('trailers', note);
    stream.on('data', (piece: Buffer) => {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes >= longestBody) finish();
    });
    stream.on('end', finish);
    stream.on('close', () => this.#finish({ ok: false, reason: 'gave no complete answer' }));
  }

  #finish(result: ProbeResult): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#close();
    this.#done(result);
  }

  #close(): void {
    if (this.#session === null) this.#socket.destroy();
    else this.#session.destroy();
  }
}
