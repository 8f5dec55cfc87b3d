import { createHash } from 'node:crypto';
import { createServer } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { certificate } from '../../support/certificates.ts';
import { connectRaw } from '../../support/raw-client.ts';
import { site, startProxy } from '../http1/setup.ts';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const ACCEPT = createHash('sha1').update(`${KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');

/** Accepts a WebSocket handshake over HTTP/1.1 and TLS, and echoes what follows; notes what was agreed on. */
async function startEcho(agreed: unknown[]): Promise<number> {
  const server = createServer({ ...certificate('local'), ALPNProtocols: ['h2', 'http/1.1'] }, (socket) => {
    agreed.push(socket.alpnProtocol);
    socket.on('error', () => {});
    socket.once('data', () => {
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${ACCEPT}\r\n\r\n`,
      );
      socket.pipe(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : 0;
}

test.each(['h2', 'auto', 'http1'])(
  '%s over TLS: a WebSocket handshake goes over HTTP/1.1, and its bytes both ways',
  async (protocol) => {
    const agreed: unknown[] = [];
    const port = await startEcho(agreed);
    const proxy = await startProxy({ upstreams: site([port], { protocol, tls: { verify: false } }) });
    const client = await connectRaw(proxy.port);
    const answer = await client.request(
      `GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\n\r\n`,
    );
    expect(answer.status).toBe(101);
    const bytes = 'x'.repeat(300_000);
    client.send(bytes);
    await client.until(() => (client.buffered.length === bytes.length ? true : null), 'the echo');
    expect(client.buffered === bytes).toBe(true);
    client.socket.end();
    expect(agreed).toEqual(['http/1.1']);
  },
);
