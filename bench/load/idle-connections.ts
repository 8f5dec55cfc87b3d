// Opens connections, makes one request on each, prints "ready", and keeps them open until SIGTERM:
// node idle-connections.ts PORT CONNECTIONS
import net from 'node:net';

const [port = 0, connections = 0] = process.argv.slice(2).map(Number);
const request = `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUser-Agent: idle-connections\r\nAccept: */*\r\n\r\n`;
let started = 0;
let answered = 0;

function openNext(): void {
  if (started === connections) return;
  started++;
  const socket = net.connect({ host: '127.0.0.1', port });
  let bytes = 0;
  socket.write(request);
  socket.on('data', (piece: Buffer) => {
    bytes += piece.length;
    // The head and 1 KiB of body: the backend's answers are all alike.
    if (bytes < 1024 + 100 || bytes - piece.length >= 1024 + 100) return;
    answered++;
    if (answered === connections) process.stdout.write('ready\n');
    openNext();
  });
  socket.once('error', (error) => fail(error.message));
  socket.once('end', () => fail('the proxy closed a connection'));
}

function fail(reason: string): void {
  process.stderr.write(`connection ${answered} of ${connections}: ${reason}\n`);
  process.exit(1);
}

for (let index = 0; index < 32; index++) openNext();
