// Many backends for health checks, one an address from 127.1.0.1 on: node checked-backend.ts PORT COUNT. Says every second how many connections came so far.
import { createServer } from 'node:net';
import { addressOf } from './checked-addresses.ts';

const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok';
const port = Number(process.argv[2]);
const count = Number(process.argv[3]);
let connections = 0;

for (let index = 0; index < count; index++) {
  const server = createServer({ noDelay: true }, (socket) => {
    connections += 1;
    socket.on('error', () => undefined);
    socket.on('data', () => socket.end(answer));
  });
  await new Promise<void>((resolve) => server.listen(port, addressOf(index), resolve));
}
setInterval(() => process.stdout.write(`connections ${connections}\n`), 1000);
