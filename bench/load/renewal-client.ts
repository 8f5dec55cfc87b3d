// Makes full TLS handshakes, so many at a time, until it gets SIGTERM: node renewal-client.ts PORT NAME AT-A-TIME.
// Then it prints what it has seen (`seenHandshakes` of seen-handshakes.ts).
import { connect, createSecureContext } from 'node:tls';

const [port = 0, , atATime = 1] = process.argv.slice(2).map(Number);
const servername = process.argv[3] ?? 'localhost';

// One for all, and without sessions, so that each handshake shows a certificate.
const secureContext = createSecureContext({ ca: [] });
const startedAt = Date.now();
const certificates = new Map<string, { count: number; lastAt: number }>();
const errors = new Map<string, number>();
const over = new AbortController();

process.once('SIGTERM', () => over.abort());

async function handshake(): Promise<void> {
  const { promise: closed, resolve: close } = Promise.withResolvers<void>();
  // Who began before the renewal may well see the one before.
  const begunAt = Date.now();
  let error = 'closed without a word';
  let isSecure = false;
  // What is looked at is the certificate, and that none is missing; whose it is the test asks for itself.
  const socket = connect({ port, host: '127.0.0.1', servername, secureContext, rejectUnauthorized: false });
  socket.once('secureConnect', () => {
    isSecure = true;
    const { fingerprint256 } = socket.getPeerCertificate();
    const count = (certificates.get(fingerprint256)?.count ?? 0) + 1;
    certificates.set(fingerprint256, { count, lastAt: begunAt });
    // The server ends the connection in turn, so that it has seen the whole handshake.
    socket.end();
  });
  socket
    .on('error', ({ message }) => (error = message))
    .once('close', close)
    .resume();
  await closed;
  if (!isSecure) errors.set(error, (errors.get(error) ?? 0) + 1);
}

await Promise.all(
  Array.from({ length: atATime }, async () => {
    while (!over.signal.aborted) await handshake();
  }),
);
const seconds = (Date.now() - startedAt) / 1000;
process.stdout.write(
  JSON.stringify({
    seconds,
    certificates: Object.fromEntries(certificates),
    errors: Object.fromEntries(errors),
  }),
);
