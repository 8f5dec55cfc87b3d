// Datagrams to and fro: node datagram-client.ts PORT CLIENTS SECONDS. 64 datagrams of 100 bytes are on their way at a time; each that comes
// back is sent again, from the next one of so many sockets. One that is lost is sent anew after a quarter of a second, and counts as an error.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { printResult } from './print-result.ts';

const [port = 0, clients = 1, seconds = 1] = process.argv.slice(2).map(Number);
const IN_FLIGHT = 64;
const LOST_AFTER_MS = 250;

interface Slot {
  /** Its number is in the first byte. */
  readonly payload: Buffer;
  sentMs: number;
  /** Which socket is next. */
  client: number;
}

const sockets: Socket[] = [];
const latencies: number[] = [];
let lost = 0;
let stopped = false;
const slots: Slot[] = Array.from({ length: IN_FLIGHT }, (_, number) => ({
  payload: Buffer.alloc(100, number),
  sentMs: 0,
  client: number % clients,
}));

function send(slot: Slot): void {
  slot.sentMs = performance.now();
  sockets[slot.client]?.send(slot.payload);
  slot.client = (slot.client + IN_FLIGHT) % clients;
}

async function open(): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.on('message', (data: Buffer) => {
    const slot = slots[data[0] ?? 0];
    if (stopped || slot === undefined) return;
    latencies.push(performance.now() - slot.sentMs);
    send(slot);
  });
  return socket;
}

for (let i = 0; i < clients; i++) sockets.push(await open());
const startedMs = performance.now();
for (const slot of slots) send(slot);
const watch = setInterval(() => {
  const late = slots.filter(({ sentMs }) => performance.now() - sentMs > LOST_AFTER_MS);
  lost += late.length;
  for (const slot of late) send(slot);
}, LOST_AFTER_MS);
await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
stopped = true;
clearInterval(watch);
printResult(latencies, {
  seconds: (performance.now() - startedMs) / 1000,
  socketErrors: 0,
  errorAnswers: 0,
});
if (lost > 0) process.stderr.write(`${lost} datagrams were lost\n`);
for (const socket of sockets) socket.close();
