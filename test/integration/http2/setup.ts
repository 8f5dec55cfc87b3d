import { connect, type ClientHttp2Session, type OutgoingHttpHeaders } from 'node:http2';
import { onTestFinished } from 'vitest';

/** A session of Node's own client, with prior knowledge; gone when the test has finished. */
export function http2Session(port: number): ClientHttp2Session {
  const session = connect(`http://127.0.0.1:${port}`);
  session.on('error', () => {});
  onTestFinished(() => session.destroy());
  return session;
}

export interface Http2Answer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
  readonly trailers: Readonly<Record<string, unknown>> | null;
}

/** One request and its whole answer. Rejects when the stream is reset. */
export function ask(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders = {},
  body: Buffer | string | null = null,
): Promise<Http2Answer> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ':path': '/', ...headers }, { endStream: body === null });
    let head: Record<string, unknown> = {};
    let trailers: Record<string, unknown> | null = null;
    const pieces: Buffer[] = [];
    stream.on('response', (fields) => (head = fields));
    stream.on('trailers', (fields) => (trailers = fields));
    stream.on('data', (piece: Buffer) => void pieces.push(piece));
    stream.on('error', reject);
    stream.on('end', () => {
      if (stream.rstCode !== 0) return;
      const status = head[':status'];
      resolve({
        status: typeof status === 'number' ? status : undefined,
        headers: head,
        body: Buffer.concat(pieces).toString('latin1'),
        trailers,
      });
    });
    if (body !== null) stream.end(body);
  });
}
