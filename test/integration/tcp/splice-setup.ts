import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import {
  connect as connectTls,
  createSecureContext,
  createServer as createTlsServer,
  TLSSocket,
} from 'node:tls';
import { onTestFinished } from 'vitest';
import { BackendTls } from '../../../core/http1/backend-tls.ts';
import { openSocket } from '../../../core/http1/open-socket.ts';
import { Splice, type SpliceEndReason } from '../../../core/forward/splice.ts';
import { withInput } from '../../../core/listeners/accepted-socket.ts';
import { Deadlines } from '../../../core/shared/deadlines.ts';
import { SocketInput } from '../../../core/shared/socket-input.ts';
import { authority, certificate } from '../../support/certificates.ts';
import { listenForTest } from '../../support/listen.ts';
import { RawSocket } from '../../support/raw-socket.ts';

/** How the front ended a connection. */
export interface SpliceEnding {
  readonly reason: SpliceEndReason;
  readonly bytesFromClient: number;
  readonly bytesFromBackend: number;
}

/** A client and a backend in the test's hands, with a splice between them. */
export interface Joined {
  readonly client: RawSocket;
  readonly backend: RawSocket;
  readonly splice: Splice;
  readonly ended: Promise<SpliceEnding>;
}

export interface JoinSettings {
  readonly idleMs?: number;
  readonly halfClosedMs?: number;
  readonly lifetimeMs?: number | null;
  readonly drainTimeoutMs?: number;
  readonly clientTls?: boolean;
  readonly backendTls?: boolean;
  readonly readAhead?: string;
}

const MINUTE_MS = 60_000;

/** Connects a client through a splice. All is closed when the test has finished. */
export async function join(settings: JoinSettings = {}): Promise<Joined> {
  const { clientTls = false, backendTls = false } = settings;
  const sockets: Socket[] = [];
  const endAll = (): void => sockets.forEach((socket) => socket.destroy());
  const backends = Promise.withResolvers<RawSocket>();
  const tcpOptions = { allowHalfOpen: true, noDelay: true };
  const take = (socket: Socket): void => {
    sockets.push(socket);
    backends.resolve(new RawSocket(socket));
  };
  const backendServer = backendTls
    ? createTlsServer({ ...tcpOptions, ...certificate('local') }, take)
    : createServer(tcpOptions, take);
  const backendPort = await listenForTest(backendServer, endAll);
  const splices = Promise.withResolvers<{ splice: Splice; ended: Promise<SpliceEnding> }>();
  const front = createServer({ ...tcpOptions, pauseOnConnect: true }, (accepted) => {
    void spliceTo(accepted, backendPort, settings).then(splices.resolve, splices.reject);
  });
  const port = await listenForTest(front, endAll);
  const socket = clientTls
    ? connectTls({ port, host: '127.0.0.1', ca: authority, servername: 'localhost', ...halfOpen })
    : connect({ port, host: '127.0.0.1', ...tcpOptions });
  sockets.push(socket);
  const client = new RawSocket(socket);
  await once(socket, clientTls ? 'secureConnect' : 'connect');
  const { splice, ended } = await splices.promise;
  return { client, backend: await backends.promise, splice, ended };
}

/** Which the types of `tls.connect` do not know of. */
const halfOpen: object = { allowHalfOpen: true };

async function spliceTo(
  accepted: Socket,
  port: number,
  settings: JoinSettings,
): Promise<{ splice: Splice; ended: Promise<SpliceEnding> }> {
  const deadlines = new Deadlines();
  onTestFinished(() => deadlines.close());
  const client = await clientSocket(accepted, settings.clientTls === true);
  const address = { kind: 'tcp', host: '127.0.0.1', port } as const;
  const tls =
    settings.backendTls === true
      ? new BackendTls(
          {
            ca: authority,
            verify: true,
            serverName: 'localhost',
            cert: null,
            key: null,
            policy: null,
            minVersion: 'TLSv1.2',
          },
          address,
        )
      : null;
  const backend = openSocket(address, tls, [], null);
  if (backend.readyEvent !== null) await once(backend.socket, backend.readyEvent);
  const ended = Promise.withResolvers<SpliceEnding>();
  const {
    idleMs = MINUTE_MS,
    halfClosedMs = MINUTE_MS,
    lifetimeMs = null,
    drainTimeoutMs = MINUTE_MS,
  } = settings;
  const splice = new Splice(
    client.socket,
    backend.socket,
    { timeouts: { idleMs, halfClosedMs, lifetimeMs, inspectMs: MINUTE_MS }, drainTimeoutMs },
    performance.now(),
    {
      onSpliceEnd(reason) {
        const { bytesFromClient, bytesFromBackend } = splice;
        ended.resolve({ reason, bytesFromClient, bytesFromBackend });
      },
    },
  );
  const { readAhead = null } = settings;
  splice.open(client.input, backend.input, readAhead === null ? null : Buffer.from(readAhead));
  deadlines.add(splice);
  return { splice, ended: ended.promise };
}

async function clientSocket(accepted: Socket, tls: boolean): Promise<{ socket: Socket; input: SocketInput }> {
  const input = new SocketInput();
  if (!tls) return { socket: withInput(accepted, input), input };
  const secureContext = createSecureContext(certificate('local'));
  const socket = new TLSSocket(accepted, { isServer: true, secureContext, ...halfOpen });
  input.readFrom(socket);
  await once(socket, 'secure');
  return { socket, input };
}
