// What a bench of byte streams connects to: node stream-backend.ts PORT. The first byte of a connection says what it is for:
// E: every byte is sent back, that one too; U: all is taken, and the number of bytes is answered when the client has ended;
// D and a number with a line end: so many bytes are sent, and the end. G, of `GET`: one HTTP answer, by which a proxy is seen to be up.
import net from 'node:net';
import { pour, takeAll } from '../load/stream-bytes.ts';

net
  .createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (first: Buffer) => serve(socket, first));
  })
  .listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 4096 });

function serve(socket: net.Socket, first: Buffer): void {
  const text = first.toString('latin1');
  if (text.startsWith('E')) {
    socket.write(first);
    socket.on('data', (piece: Buffer) => socket.write(piece));
    socket.once('end', () => socket.end());
  } else if (text.startsWith('U')) takeAll(socket, (bytes) => socket.end(String(bytes + first.length - 1)));
  else if (text.startsWith('D')) pour(socket, Number(text.slice(1)));
  else socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
}
