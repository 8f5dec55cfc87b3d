// Many backends for health checks, one an address: node checked-backend.ts PORT FIRST COUNT. Says every second how many connections and requests came so far.
import { createServer } from 'node:net';
import { addressOf } from './checked-addresses.ts';

const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const lastAnswer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok';
const port = Number(process.argv[2]);
const first = Number(process.argv[3]);
const count = Number(process.argv[4]);
let connections = 0;
let requests = 0;

for (let index = first; index < first + count; index++) {
  const server = createServer({ noDelay: true }, (socket) => {
    connections += 1;
    socket.on('error', () => undefined);
    socket.on('data', (piece: Buffer) => {
      requests += 1;
      if (piece.includes('Connection: close')) socket.end(lastAnswer);
      else socket.write(answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(port, addressOf(index), resolve));
}
setInterval(() => process.stdout.write(`connections ${connections} requests ${requests}\n`), 1000);
