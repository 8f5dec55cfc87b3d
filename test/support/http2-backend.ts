import {
  createSecureServer,
  createServer,
  type Http2Session,
  type SecureServerOptions,
  type ServerHttp2Stream,
  type IncomingHttpHeaders,
} from 'node:http2';
import { listenForTest } from './listen.ts';

export interface Http2Backend {
  readonly port: number;
  readonly sessions: readonly Http2Session[];
}

/** A backend that speaks HTTP/2 by Node's own engine, over TLS if `options` hold a certificate. Runs until the test has finished. */
export async function startHttp2Backend(
  onStream: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void,
  options: SecureServerOptions = {},
): Promise<Http2Backend> {
  const sessions: Http2Session[] = [];
  const takeSession = (session: Http2Session): void => {
    sessions.push(session);
    session.on('error', () => {});
  };
  const takeStream = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void => {
    stream.on('error', () => {});
    onStream(stream, headers);
  };
  const server =
    options.cert === undefined
      ? createServer(options).on('session', takeSession).on('stream', takeStream)
      : createSecureServer(options).on('session', takeSession).on('stream', takeStream);
  const port = await listenForTest(server, () => {
    for (const session of sessions) session.destroy();
  });
  return { port, sessions };
}
