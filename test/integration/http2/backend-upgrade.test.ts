import { createServer } from 'node:tls';
import { expect, test } from 'vitest';
import { certificate } from '../../support/certificates.ts';
import { listenForTest } from '../../support/listen.ts';
import { connectRaw } from '../../support/raw-client.ts';
import { ACCEPTED, HANDSHAKE } from '../../support/websocket-peers.ts';
import { site, startProxy } from '../http1/setup.ts';

/** Accepts a WebSocket handshake over HTTP/1.1 and TLS, and echoes what follows; notes what was agreed on. */
async function startEcho(agreed: unknown[]): Promise<number> {
  const server = createServer({ ...certificate('local'), ALPNProtocols: ['h2', 'http/1.1'] }, (socket) => {
    agreed.push(socket.alpnProtocol);
    socket.on('error', () => {});
    socket.once('data', () => {
      socket.write(ACCEPTED);
      socket.pipe(socket);
    });
  });
  return listenForTest(server);
}

test.each(['h2', 'auto', 'http1'])(
  '%s over TLS: a WebSocket handshake goes over HTTP/1.1, and its bytes both ways',
  async (protocol) => {
    const agreed: unknown[] = [];
    const port = await startEcho(agreed);
    const proxy = await startProxy({ upstreams: site([port], { protocol, tls: { verify: false } }) });
    const client = await connectRaw(proxy.port);
    const answer = await client.request(HANDSHAKE);
    expect(answer.status).toBe(101);
    const bytes = 'x'.repeat(300_000);
    client.send(bytes);
    await client.until(() => (client.buffered.length === bytes.length ? true : null), 'the echo');
    expect(client.buffered === bytes).toBe(true);
    client.socket.end();
    expect(agreed).toEqual(['http/1.1']);
  },
);
