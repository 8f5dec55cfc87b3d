// Loads a TCP proxy in front of stream-backend.ts, and prints one line of JSON:
// node stream-client.ts PORT up|down BYTES: moves so many bytes: { seconds }
// node stream-client.ts PORT ping SECONDS: one byte to and fro on one connection: what print-result.ts prints
// node stream-client.ts PORT connect SECONDS: connects, has one byte sent back, and ends, on 16 connections at a time: the same
import net from 'node:net';
import { printResult } from './print-result.ts';
import { pour, takeAll } from './stream-bytes.ts';

const AT_ONCE = 16;
const [port = 0, amount = 0] = [process.argv[2], process.argv[4]].map(Number);
const started = performance.now();
const latencies: number[] = [];
let socketErrors = 0;

function open(): net.Socket {
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
  return socket.on('error', () => socketErrors++);
}

function move(direction: 'up' | 'down'): void {
  const socket = open();
  if (direction === 'down') {
    socket.end(`D${amount}\n`);
    takeAll(socket, finishMove);
  } else {
    socket.write('U');
    socket.once('data', (answer: Buffer) => finishMove(Number(answer.toString())));
    pour(socket, amount);
  }
}

function finishMove(moved: number): void {
  if (moved !== amount) throw new Error(`${moved} of ${amount} bytes arrived`);
  process.stdout.write(`${JSON.stringify({ seconds: (performance.now() - started) / 1000 })}\n`);
}

function ping(): void {
  const socket = open();
  let sentMs = 0;
  const send = (): void => {
    sentMs = performance.now();
    socket.write('E');
  };
  socket.once('connect', send);
  socket.on('data', () => {
    latencies.push(performance.now() - sentMs);
    if (isOver()) finish();
    else send();
  });
}

function connectAgain(): void {
  const sentMs = performance.now();
  const socket = open();
  socket.end('E');
  socket.once('data', () => latencies.push(performance.now() - sentMs));
  socket.once('close', () => {
    if (!isOver()) connectAgain();
    else if (++ended === AT_ONCE) finish();
  });
}
let ended = 0;

function isOver(): boolean {
  return performance.now() - started > amount * 1000;
}

function finish(): void {
  const seconds = (performance.now() - started) / 1000;
  printResult(latencies, { seconds, socketErrors, errorAnswers: 0 }, () => process.exit());
}

const kind = process.argv[3];
if (kind === 'up' || kind === 'down') move(kind);
else if (kind === 'ping') ping();
else for (let index = 0; index < AT_ONCE; index++) connectAgain();
