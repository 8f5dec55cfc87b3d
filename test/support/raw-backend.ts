import { createServer } from 'node:net';
import { listenForTest, portOf } from './listen.ts';
import { parseRawHead, takeBody, type RawMessage } from './raw-message.ts';
import { RawSocket } from './raw-socket.ts';

/** A request whose head has arrived. */
export interface BackendRequest extends RawMessage {
  readonly method: string;
  readonly target: string;
  readonly connection: BackendConnection;
  /** Waits for the whole body. */
  body(): Promise<string>;
  /** Trailer lines, once the body is whole. */
  trailers(): Promise<string>;
  /** Sends these bytes, whatever they are. */
  reply(data: string): void;
}

export class BackendConnection extends RawSocket {
  readonly index: number;
  /** Every byte that came, in the order of arrival. */
  transcript = '';

  constructor(...[socket, index]: [...ConstructorParameters<typeof RawSocket>, number]) {
    super(socket);
    this.index = index;
    socket.prependListener('data', (chunk: Buffer) => {
      if (this.keepsData) this.transcript += chunk.toString('latin1');
    });
  }
}

/** A backend that answers with exactly the bytes that a test tells it to. */
export interface RawBackend {
  readonly port: number;
  readonly connections: readonly BackendConnection[];
  /** Requests whose head has arrived, in that order. */
  readonly requests: readonly BackendRequest[];
  /** Waits for the request of this index. */
  request(index: number): Promise<BackendRequest>;
  /** Every byte that ever came, over all connections. */
  received(): string;
}

/** Answers a request when its head has come. What it throws fails nothing: the connection may be gone. */
export type BackendScript = (request: BackendRequest) => void | Promise<void>;

/** Listens on a free port until the test has finished. */
export async function startRawBackend(
  script: BackendScript = (request) => request.reply(ok('hello')),
  onConnection: (connection: BackendConnection) => void = () => {},
): Promise<RawBackend> {
  const connections: BackendConnection[] = [];
  const requests: BackendRequest[] = [];
  const waiting = new Set<() => void>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const connection = new BackendConnection(socket, connections.length);
    connections.push(connection);
    onConnection(connection);
    void serve(connection, script, (request) => {
      requests.push(request);
      for (const wake of waiting) wake();
    });
  });
  const port = await listenForTest(server, () => {
    for (const { socket } of connections) socket.destroy();
  });
  return {
    port,
    connections,
    requests,
    async request(index) {
      for (;;) {
        const request = requests[index];
        if (request !== undefined) return request;
        await new Promise<void>((resolve) => {
          const wake = (): void => {
            waiting.delete(wake);
            resolve();
          };
          waiting.add(wake);
        });
      }
    },
    received: () => connections.map((connection) => connection.transcript).join(''),
  };
}

/** Reads one request after the other until the connection ends. */
async function serve(
  connection: BackendConnection,
  script: BackendScript,
  announce: (request: BackendRequest) => void,
): Promise<void> {
  try {
    for (;;) {
      const message = parseRawHead(await connection.until(() => connection.takeHead(), 'a request'));
      const [method = '', target = ''] = message.startLine.split(' ');
      const whole = connection
        .until(() => takeBody(message, connection.buffered, false), 'the whole request')
        .then((taken) => {
          connection.buffered = taken.rest;
          return taken;
        });
      whole.catch(() => {});
      const request: BackendRequest = {
        ...message,
        method,
        target,
        connection,
        body: async () => (await whole).body,
        trailers: async () => (await whole).trailers,
        reply: (data) => connection.send(data),
      };
      announce(request);
      await script(request);
      await whole;
    }
  } catch {
    // The connection ended; what that means is for the test to say.
  }
}

/** A whole answer with a length. */
export function ok(body: string, ...lines: readonly string[]): string {
  return `${['HTTP/1.1 200 OK', `Content-Length: ${body.length}`, ...lines, '', ''].join('\r\n')}${body}`;
}

/** A port that nobody listens on: bound once, then given back. */
export async function unusedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = portOf(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}
