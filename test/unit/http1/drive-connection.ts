import { Socket } from 'node:net';
import { vi } from 'vitest';
import type { ClientLimits, ClientStream, Peer, RequestHead } from '../../../core/exchange/streams.ts';
import type { ParsedRequest } from '../../../core/http1/parse-head.ts';
import { ServerConnection } from '../../../core/http1/server-connection.ts';
import { Deadlines } from '../../../core/shared/deadlines.ts';
import { SocketInput } from '../../../core/shared/socket-input.ts';
import { deliver } from './shared-buffer.ts';
import { fieldsOf } from './read-request.ts';

export interface ReceivedRequest {
  readonly head: Omit<RequestHead, 'headers'>;
  readonly fields: readonly (readonly [string, string])[];
  readonly keepAlive: boolean;
  body: string;
  /** null: not whole. */
  trailers: readonly (readonly [string, string])[] | null;
}

export interface Received {
  readonly requests: ReceivedRequest[];
  /** Why the connection reads no further, as `code`; null: it waits for more. */
  refusal: string | null;
}

const PEER: Peer = {
  address: '192.0.2.1',
  port: 4711,
  localAddress: '192.0.2.80',
  localPort: 80,
};

const LIMITS: ClientLimits = {
  headBytes: 32 * 1024,
  headers: 100,
  targetBytes: 8192,
  headerMs: 1e6,
  bodyMs: 1e6,
  idleMs: 1e6,
  writeMs: 1e6,
};

/**
 * Has a server connection read these pieces (latin-1), as its socket would deliver them, and tells
 * what it made of them. Every request is answered at its end, so that pipelined ones follow.
 */
export function receive(pieces: readonly string[], limits: Partial<ClientLimits> = {}): Received {
  const received: Received = { requests: [], refusal: null };
  // Pipelined requests take turns with other connections; here there are none.
  vi.useFakeTimers({ toFake: ['setImmediate'] });
  const deadlines = new Deadlines();
  const input = new SocketInput();
  const connection = new ServerConnection(new Socket(), input, PEER, {
    limits: () => ({ ...LIMITS, ...limits }),
    draining: false,
    deadlines,
    onRequest(_peer, stream, parsed) {
      takeRequest(received, stream, parsed);
      return NO_EVENTS;
    },
    onRefused(_peer, _stream, error) {
      received.refusal ??= error.code;
      return NO_EVENTS;
    },
    onClosed() {},
  });
  for (const piece of pieces) deliver(input, Buffer.from(piece, 'latin1'));
  vi.runAllTimers();
  vi.useRealTimers();
  connection.destroy();
  deadlines.close();
  return received;
}

function takeRequest(received: Received, stream: ClientStream, parsed: ParsedRequest): void {
  const { headers, ...head } = parsed.head;
  const request: ReceivedRequest = {
    head,
    fields: fieldsOf(headers),
    keepAlive: parsed.keepAlive,
    body: '',
    trailers: null,
  };
  received.requests.push(request);
  if (head.framing.kind === 'none' || (head.framing.kind === 'length' && head.framing.bytes === 0)) {
    request.trailers = [];
    stream.sendEnd(null);
    return;
  }
  stream.readBody({
    onBodyData: (piece) => void (request.body += piece.toString('latin1')),
    onBodyPause() {},
    onBodyEnd(trailers) {
      request.trailers = fieldsOf(trailers);
      stream.sendEnd(null);
    },
    onBodyError(error) {
      received.refusal ??= error.code;
    },
  });
}

const NO_EVENTS = { onClientGone() {}, onClientWritable() {} };
