import { createServer, type IncomingMessage } from 'node:http';
import { Duplex } from 'node:stream';

/** What a server reads from the bytes of a connection: its first request, or why there is none. */
export type RequestReading =
  | {
      readonly kind: 'accepted';
      readonly method: string;
      readonly target: string;
      readonly version: string;
      readonly fields: readonly (readonly [name: string, value: string])[];
      /** Latin-1. What came of the body, whole or not. */
      readonly body: string;
      /** Whether the body ended where its framing says that it ends. */
      readonly whole: boolean;
      readonly trailers: readonly (readonly [name: string, value: string])[];
    }
  | { readonly kind: 'refused'; readonly reason: string }
  /** Neither: it waits for more. */
  | { readonly kind: 'waiting' };

/** Has Node's own HTTP server (llhttp, strict) read `bytes` as one piece from a connection in memory. */
export async function readWithNode(bytes: Buffer): Promise<RequestReading> {
  let request: IncomingMessage | null = null;
  let refusal: string | null = null;
  const body: Buffer[] = [];
  const take = (received: IncomingMessage): void => {
    if (request !== null) return;
    request = received;
    received.on('data', (piece: Buffer) => void body.push(piece));
    received.on('error', () => {});
  };
  const server = createServer({ maxHeaderSize: 256 * 1024 });
  server.on('request', take);
  server.on('checkContinue', take);
  server.on('checkExpectation', take);
  server.on('connect', take);
  // The connection is left open: what came before the error can still be read.
  server.on('clientError', (error) => {
    refusal ??= 'reason' in error ? String(error.reason) : error.message;
  });
  const connection = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      // Some refusals are no parser errors: Node answers them by itself.
      refusal ??= chunk.toString('latin1').split('\r\n')[0] ?? '';
      done();
    },
  });
  connection.on('error', () => {});
  server.emit('connection', connection);
  connection.push(bytes);
  // All of it happens in memory: two turns of the event loop see the last event.
  await turn();
  await turn();
  const reading = readingOf(request, refusal, Buffer.concat(body).toString('latin1'));
  connection.destroy();
  return reading;
}

function readingOf(request: IncomingMessage | null, refusal: string | null, body: string): RequestReading {
  if (request !== null) {
    return {
      kind: 'accepted',
      method: request.method ?? '',
      target: request.url ?? '',
      version: request.httpVersion,
      fields: pairs(request.rawHeaders),
      body,
      // A tunnel has no end.
      whole: request.complete || request.method === 'CONNECT',
      trailers: pairs(request.rawTrailers),
    };
  }
  return refusal === null ? { kind: 'waiting' } : { kind: 'refused', reason: refusal };
}

function pairs(flat: readonly string[]): [string, string][] {
  return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i] ?? '', flat[2 * i + 1] ?? '']);
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
