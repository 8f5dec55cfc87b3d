// Opens WebSockets and has one message echoed on each after the other: node websocket-client.ts PORT CONNECTIONS SECONDS.
// With 0 seconds each has one echo, then "ready" is printed, and they stay open and idle until SIGTERM.
import net from 'node:net';
import { printResult } from './print-result.ts';
import { clientFrame, serverFrame } from './websocket-frames.ts';

const [port = 0, connections = 1, seconds = 0] = process.argv.slice(2).map(Number);
const handshake = `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`;
/** Opened at a time. */
const AT_ONCE = 32;

const latencies: number[] = [];
let opened = 0;
let ready = 0;
let beganMs = 0;
const starters: (() => void)[] = [];

function open(): void {
  if (opened === connections) return;
  opened++;
  const socket = net.connect({ host: '127.0.0.1', port, noDelay: true });
  let head: string | null = '';
  let bytes = 0;
  let sentMs = 0;
  const send = (): void => {
    sentMs = performance.now();
    socket.write(clientFrame);
  };
  socket.write(handshake);
  socket.on('data', (piece: Buffer) => {
    if (head !== null) {
      head += piece.toString('latin1');
      if (!head.endsWith('\r\n\r\n')) return;
      if (!head.startsWith('HTTP/1.1 101 ')) fail(head);
      head = null;
      if (seconds > 0) return starters.push(send) && becomeReady();
      return send();
    }
    bytes += piece.length;
    if (bytes < serverFrame.length) return;
    bytes = 0;
    if (seconds === 0) return becomeReady();
    latencies.push(performance.now() - sentMs);
    send();
  });
  socket.once('error', (error) => fail(error.message));
  socket.once('end', () => fail('the proxy closed a WebSocket'));
}

function becomeReady(): void {
  ready++;
  open();
  if (ready < connections) return;
  if (seconds === 0) process.stdout.write('ready\n');
  else begin();
}

function begin(): void {
  beganMs = performance.now();
  for (const start of starters) start();
  setTimeout(finish, seconds * 1000);
}

function finish(): void {
  const took = (performance.now() - beganMs) / 1000;
  printResult(latencies, { seconds: took, socketErrors: 0, errorAnswers: 0 }, () => process.exit());
}

function fail(reason: string): void {
  process.stderr.write(`WebSocket ${ready} of ${connections}: ${reason}\n`);
  process.exit(1);
}

for (let index = 0; index < AT_ONCE; index++) open();
