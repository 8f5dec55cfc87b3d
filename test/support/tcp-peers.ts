import { connect, createServer, type NetConnectOpts } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { onTestFinished } from 'vitest';
import { listenForTest } from './listen.ts';
import { poll } from './poll.ts';
import { RawSocket } from './raw-socket.ts';

/** A backend that speaks nothing but what a test has it say. */
export interface TcpBackend {
  readonly port: number;
  readonly address: string;
  /** In the order of their arrival. */
  readonly connections: readonly RawSocket[];
  /** Waits for the connection of this index. */
  connection(index: number): Promise<RawSocket>;
}

/** Listens until the test has finished. `tls`: behind a TLS handshake. */
export async function startTcpBackend(
  onConnection: (connection: RawSocket) => void = () => {},
  tls: TlsOptions | null = null,
): Promise<TcpBackend> {
  const connections: RawSocket[] = [];
  const options = { allowHalfOpen: true, noDelay: true };
  const server = tls === null ? createServer(options) : createTlsServer({ ...options, ...tls });
  server.on(tls === null ? 'connection' : 'secureConnection', (socket) => {
    const connection = new RawSocket(socket);
    connections.push(connection);
    onConnection(connection);
  });
  const port = await listenForTest(server, () => connections.forEach(({ socket }) => socket.destroy()));
  return {
    port,
    address: `127.0.0.1:${port}`,
    connections,
    connection: (index) => poll(() => connections[index]),
  };
}

/** Says who it is, then sends back what comes. */
export function startNamed(name: string, tls: TlsOptions | null = null): Promise<TcpBackend> {
  return startTcpBackend((connection) => {
    connection.send(`${name}\n`);
    connection.socket.pipe(connection.socket);
  }, tls);
}

/** A client that ends when its test has. */
export async function connectTcp(
  to: number | NetConnectOpts,
  sends: string | Buffer | null = null,
): Promise<RawSocket> {
  const options = typeof to === 'number' ? { port: to, host: '127.0.0.1' } : to;
  const socket = connect({ allowHalfOpen: true, noDelay: true, ...options });
  onTestFinished(() => void socket.destroy());
  const client = new RawSocket(socket);
  if (sends !== null) client.send(sends);
  await poll(() => !socket.connecting);
  return client;
}

/** What it has received, once it ends with this text. */
export function received(socket: RawSocket, ending: string): Promise<string> {
  return socket.until(
    () => (socket.buffered.endsWith(ending) ? socket.buffered : null),
    JSON.stringify(ending),
  );
}
