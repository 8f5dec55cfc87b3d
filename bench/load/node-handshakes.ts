// Makes TLS connections and closes them: node node-handshakes.ts full|resumed NAME PORT SECONDS CONNECTIONS SPREAD.
// A {n} in the name becomes a random number below SPREAD with every connection.
import { connect, createSecureContext, type TLSSocket } from 'node:tls';
import { printResult } from './print-result.ts';

const resumes = process.argv[2] === 'resumed';
const name = process.argv[3] ?? 'localhost';
const [port = 0, seconds = 1, connections = 1, spread = 1] = process.argv.slice(4).map(Number);

// One for all connections: what it costs to make is none of the server's business.
const secureContext = createSecureContext({ minVersion: 'TLSv1.3', ca: [] });
const latencies: number[] = [];
let socketErrors = 0;
let errorAnswers = 0;

function open(session?: Buffer): TLSSocket {
  const socket = connect({
    port,
    host: '127.0.0.1',
    servername: name.replace('{n}', String(Math.floor(Math.random() * spread))),
    secureContext,
    // The certificate is one of the bench's own making.
    rejectUnauthorized: false,
    ...(session === undefined ? {} : { session }),
  });
  return socket.on('error', () => {}).resume();
}

/** A session for all, since a ticket opens more than once. */
function firstSession(): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = open();
    socket.once('session', (session) => {
      socket.destroy();
      resolve(session);
    });
    socket.once('close', () => reject(new Error('the server gives no session')));
  });
}

async function handshake(session: Buffer | undefined): Promise<void> {
  const begun = performance.now();
  const socket = open(session);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  let isSecure = false;
  socket.once('secureConnect', () => {
    isSecure = true;
    latencies.push(performance.now() - begun);
    if (socket.isSessionReused() !== resumes) errorAnswers += 1;
    // The server ends the connection in turn, so that it has seen the whole handshake.
    socket.end();
  });
  await closed;
  if (!isSecure) socketErrors += 1;
}

const session = resumes ? await firstSession() : undefined;
const started = performance.now();
const end = started + seconds * 1000;
await Promise.all(
  Array.from({ length: connections }, async () => {
    while (performance.now() < end) await handshake(session);
  }),
);
printResult(latencies, { seconds: (performance.now() - started) / 1000, socketErrors, errorAnswers });
