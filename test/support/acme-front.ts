import type { IncomingHttpHeaders } from 'node:http';
import { createServer, request } from 'node:https';
import { text } from 'node:stream/consumers';

import { z } from 'zod';
import { authority, certificate } from './certificates.ts';
import { listenForTest } from './listen.ts';
import type { Pebble } from './pebble.ts';

export interface FrontAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface FrontRequest {
  /** From 1 on. */
  readonly number: number;
  readonly method: string;
  readonly path: string;
  /** Of the signed request; null: none, or it is empty. */
  readonly payload: unknown;
}

/** `cut`: no answer; `cut-after`: the CA has done it, but its answer is lost; null: as the CA says. */
export type Intervention = FrontAnswer | 'cut' | 'cut-after' | null;

export interface AcmeFront {
  readonly directory: string;
  readonly requests: FrontRequest[];
  /** What happens to a request. May be changed at any time. */
  intervene: (request: FrontRequest) => Intervention;
  /** What becomes of an answer of the CA. */
  change: (request: FrontRequest, body: string) => string;
}

/** Stands before Pebble, and does what Pebble never does. */
export async function startAcmeFront(pebble: Pebble): Promise<AcmeFront> {
  const front: AcmeFront = {
    directory: '',
    requests: [],
    intervene: () => null,
    change: (_, body) => body,
  };
  const server = createServer(certificate('local'), (incoming, outgoing) => {
    incoming.on('error', () => {});
    void (async () => {
      const body = await text(incoming);
      const { method = 'GET', url: path = '/' } = incoming;
      const asked = { number: front.requests.length + 1, method, path, payload: payloadOf(body) };
      front.requests.push(asked);
      const intervention = front.intervene(asked);
      if (intervention === 'cut') {
        incoming.socket.destroy();
        return;
      }
      if (intervention !== null && intervention !== 'cut-after') {
        outgoing.writeHead(intervention.status, intervention.headers).end(intervention.body);
        return;
      }
      const answer = await forward(pebble.port, method, path, incoming.headers, body);
      if (intervention === 'cut-after') {
        incoming.socket.destroy();
        return;
      }
      const { 'content-length': _, ...headers } = answer.headers;
      outgoing.writeHead(answer.status, headers);
      outgoing.end(method === 'HEAD' ? undefined : front.change(asked, answer.body));
    })();
  });
  const port = await listenForTest(server, () => server.closeAllConnections());
  return Object.assign(front, { directory: `https://127.0.0.1:${port}/dir` });
}

/** With the Host that came: Pebble makes its URLs from it. */
async function forward(
  port: number,
  method: string,
  path: string,
  headers: IncomingHttpHeaders,
  body: string,
): Promise<{ readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: string }> {
  const answer = Promise.withResolvers<{ status: number; headers: IncomingHttpHeaders; body: string }>();
  const outgoing = request({ host: '127.0.0.1', port, method, path, headers, ca: authority, agent: false });
  outgoing.on('error', answer.reject);
  outgoing.on('response', (incoming) => {
    text(incoming).then(
      (received) =>
        answer.resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: received }),
      answer.reject,
    );
  });
  outgoing.end(body);
  return answer.promise;
}

const signed = z.looseObject({ payload: z.string().min(1) });

function payloadOf(body: string): unknown {
  if (body === '') return null;
  const { data } = signed.safeParse(JSON.parse(body));
  return data === undefined ? null : JSON.parse(Buffer.from(data.payload, 'base64url').toString());
}
