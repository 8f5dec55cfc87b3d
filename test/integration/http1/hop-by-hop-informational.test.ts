import { expect, test } from 'vitest';
import { startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { ACCEPTED, HANDSHAKE } from '../../support/websocket-peers.ts';
import { startProxy } from './setup.ts';

const FIELDS = 'X-Internal: secret\r\nKeep-Alive: timeout=5\r\nContent-Length: 5\r\nX-Public: yes\r\n';

test.each([
  [
    103,
    get('/'),
    `HTTP/1.1 103 Early Hints\r\nConnection: X-Internal\r\n${FIELDS}\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n`,
  ],
  [
    101,
    HANDSHAKE,
    ACCEPTED.replace('Connection: Upgrade\r\n', `Connection: Upgrade, X-Internal\r\n${FIELDS}`),
  ],
])('what a %d says of its connection ends at the proxy', async (status, request, reply) => {
  const backend = await startRawBackend((received) => received.reply(reply));
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  client.send(request);
  const head = await client.answerHead();
  expect(head.status).toBe(status);
  const names = ['x-internal', 'keep-alive', 'content-length', 'x-public'];
  expect(names.map((name) => head.header(name))).toEqual([null, null, null, 'yes']);
});
