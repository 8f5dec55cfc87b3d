// Sends every WebSocket message back that a bench sends: node websocket-backend.ts PORT. Other requests get an empty answer.
import net from 'node:net';
import { createHash } from 'node:crypto';
import { clientFrame, serverFrame } from '../load/websocket-frames.ts';

function answer(head: string): string {
  const key = /\r\nsec-websocket-key: *(\S+)/i.exec(head)?.[1];
  if (key === undefined) return 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  return `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
}

net
  .createServer({ noDelay: true }, (socket) => {
    let head = '';
    let bytes = 0;
    const echo = (piece: Buffer): void => {
      bytes += piece.length;
      for (; bytes >= clientFrame.length; bytes -= clientFrame.length) socket.write(serverFrame);
    };
    socket.on('error', () => undefined);
    socket.on('data', (piece: Buffer) => {
      if (head === '101') return echo(piece);
      head += piece.toString('latin1');
      const end = head.indexOf('\r\n\r\n');
      if (end === -1) return;
      const reply = answer(head);
      const rest = Buffer.from(head.slice(end + 4), 'latin1');
      head = reply.includes(' 101 ') ? '101' : '';
      socket.write(reply);
      if (head === '101') echo(rest);
    });
  })
  .listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 4096 });
