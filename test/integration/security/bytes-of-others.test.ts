import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { DataPath } from '../../support/data-path.ts';
import { poll } from '../../support/poll.ts';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get, post, type RawClient } from '../../support/raw-client.ts';
import type { RawSocket } from '../../support/raw-socket.ts';
import { stalled } from '../http1/fill-buffers.ts';
import { startProxy } from '../http1/setup.ts';

// All sockets of a worker are read into one buffer. Whatever waits must be a copy: else the next read,
// of anybody's connection, ends up in the message of another one.

/** More than the kernel takes for two sockets in a row, so that the proxy has writes that wait. */
const BYTES = 24_000_000;
const SLOW = ['a', 'b', 'c'];

/** What belongs to one connection and to no other. */
function contents(name: string, bytes: number): string {
  return `${name}: bytes of one connection only; `.repeat(Math.ceil(bytes / 32)).slice(0, bytes);
}

/** Compares without showing megabytes. */
function digest(text: string): string {
  return createHash('sha256').update(text, 'latin1').digest('hex');
}

/** Requests and answers that overwrite the buffer many times. */
async function otherTraffic({ port }: DataPath): Promise<void> {
  const client = await connectRaw(port);
  for (let i = 0; i < 50; i++) {
    const body = contents(`other ${i}`, i * 1500);
    expect((await client.request(post('/echo', body))).body).toBe(body);
  }
}

async function received(socket: RawSocket, text: string): Promise<void> {
  await socket.until(() => (socket.buffered.length >= text.length ? true : null), 'everything');
  expect(digest(socket.buffered)).toBe(digest(text));
}

test('answers that wait for slow clients keep their bytes', async () => {
  const backend = await startRawBackend(async (request) => {
    const { target } = request;
    request.reply(ok(target === '/echo' ? await request.body() : contents(target, BYTES)));
  });
  const proxy = await startProxy({ backendPort: backend.port });
  const clients: RawClient[] = [];
  for (const name of SLOW) {
    const client = await connectRaw(proxy.port);
    clients.push(client);
    client.send(get(`/${name}`));
    client.socket.pause();
    await backend.request(clients.length - 1);
  }
  await Promise.all(backend.connections.map((connection) => stalled(connection)));
  await otherTraffic(proxy);
  for (const { socket } of clients) socket.resume();
  for (const [i, client] of clients.entries()) {
    expect(digest((await client.answer()).body)).toBe(digest(contents(`/${SLOW[i]}`, BYTES)));
  }
});

test('request bodies that wait for slow backends keep their bytes', async () => {
  const backend = await startRawBackend(async (request) => {
    const isSlow = request.target === '/slow';
    if (isSlow) request.connection.socket.pause();
    const body = await request.body();
    request.reply(ok(isSlow ? digest(body) : body));
  });
  const proxy = await startProxy({ backendPort: backend.port });
  const clients: RawClient[] = [];
  for (const name of SLOW) {
    const client = await connectRaw(proxy.port);
    clients.push(client);
    client.send(post('/slow', contents(name, BYTES)));
    await backend.request(clients.length - 1);
  }
  const slowBackends = [...backend.connections];
  await Promise.all(clients.map((client) => stalled(client)));
  await otherTraffic(proxy);
  for (const { socket } of slowBackends) socket.resume();
  for (const [i, client] of clients.entries())
    expect((await client.answer()).body).toBe(digest(contents(SLOW[i] ?? '', BYTES)));
});

test('requests in many pieces, interleaved with those of others and sent ahead, keep their bytes', async () => {
  const backend = await startRawBackend(async (request) =>
    request.reply(ok(`${request.target} ${await request.body()}`)),
  );
  const proxy = await startProxy({ backendPort: backend.port });
  const names = Array.from({ length: 20 }, (_, i) => `connection-${i}`);
  const clients = await Promise.all(names.map(() => connectRaw(proxy.port)));
  await poll(() => proxy.service.counters.connections === clients.length);
  const wires = names.map((name) =>
    [1, 2, 3, 4].map((i) => post(`/${name}/${i}`, contents(name, i * 100))).join(''),
  );
  const longest = Math.max(...wires.map(({ length }) => length));
  for (let at = 0; at < longest; at += 23) {
    for (const [i, client] of clients.entries()) client.send(wires[i]?.slice(at, at + 23) ?? '');
    // One turn of the loop, in which the proxy reads what was sent.
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (const [i, client] of clients.entries()) {
    const name = names[i] ?? '';
    for (const nth of [1, 2, 3, 4])
      expect((await client.answer()).body).toBe(`/${name}/${nth} ${contents(name, nth * 100)}`);
  }
});

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const ACCEPT = createHash('sha1').update(`${KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
const UPGRADE = ['Connection: Upgrade', 'Upgrade: websocket'];

test('what waits in a tunnel for a slow reader keeps its bytes, both ways', async () => {
  const greeting = 'sent along with the 101; ';
  const backend = await startRawBackend(async (request) => {
    if (request.target === '/echo') return request.reply(ok(await request.body()));
    request.connection.socket.pause();
    request.reply(
      `${['HTTP/1.1 101 Switching Protocols', ...UPGRADE, `Sec-WebSocket-Accept: ${ACCEPT}`, '', ''].join('\r\n')}${greeting}`,
    );
    await request.connection.end();
  });
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  const fromClient = contents('from the client', BYTES);
  const fromBackend = contents('from the backend', BYTES);
  client.send(get('/', ...UPGRADE, `Sec-WebSocket-Key: ${KEY}`, 'Sec-WebSocket-Version: 13'));
  expect((await client.answerHead()).status).toBe(101);
  const { connection } = await backend.request(0);
  client.socket.pause();
  connection.send(fromBackend);
  client.send(fromClient);
  await Promise.all([stalled(client), stalled(connection)]);
  await otherTraffic(proxy);
  client.socket.resume();
  connection.socket.resume();
  await received(client, greeting + fromBackend);
  await received(connection, fromClient);
});
