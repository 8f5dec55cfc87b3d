// A small load generator for machines without wrk: node node-load.ts PATH PORT CONNECTIONS SECONDS SPREAD.
// A {n} in the path becomes a random number below SPREAD with every request.
// It knows one kind of answer: HTTP/1.1 with Content-Length. SIGINT ends it early, with its result printed.
import net from 'node:net';
import { printResult } from './print-result.ts';
import { requestHeaders } from './request-headers.ts';

const path = process.argv[2] ?? '/';
const [port = 0, connections = 1, seconds = 1, spread = 1] = process.argv.slice(3).map(Number);
const lines = requestHeaders.map(([name, value]) => `${name}: ${value}\r\n`).join('');
const requests = Array.from({ length: path.includes('{n}') ? spread : 1 }, (_, index) =>
  Buffer.from(
    `GET ${path.replace('{n}', String(index))} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${lines}\r\n`,
  ),
);

const latencies: number[] = [];
let socketErrors = 0;
let errorAnswers = 0;
let stopping = false;
const sockets = new Set<net.Socket>();

function open(): void {
  const socket = net.connect({ host: '127.0.0.1', port: port, noDelay: true });
  sockets.add(socket);
  let received = '';
  let sent = 0;
  const send = (): void => {
    sent = performance.now();
    socket.write(requests[Math.floor(Math.random() * requests.length)] ?? '');
  };
  socket.once('connect', send);
  socket.setEncoding('latin1').on('data', (text: string) => {
    received += text;
    const end = received.indexOf('\r\n\r\n');
    if (end < 0) return;
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(received.slice(0, end))?.[1] ?? 0);
    if (received.length < end + 4 + length) return;
    latencies.push(performance.now() - sent);
    if (Number(received.slice(9, 12)) >= 400) errorAnswers++;
    received = '';
    if (stopping) socket.destroy();
    else send();
  });
  socket.once('error', () => undefined);
  socket.once('close', () => {
    sockets.delete(socket);
    if (stopping) return;
    socketErrors++;
    setTimeout(open, 10);
  });
}

const started = performance.now();
for (let index = 0; index < connections; index++) open();

function finish(): void {
  if (stopping) return;
  stopping = true;
  printResult(latencies, { seconds: (performance.now() - started) / 1000, socketErrors, errorAnswers });
  for (const socket of sockets) socket.destroy();
  clearTimeout(timer);
}
const timer = setTimeout(finish, seconds * 1000);
process.once('SIGINT', finish);
