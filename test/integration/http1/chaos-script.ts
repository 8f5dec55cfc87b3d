import type { BackendRequest } from '../../support/raw-backend.ts';
import { ok } from '../../support/raw-backend.ts';
import { get, type RawClient } from '../../support/raw-client.ts';

/** Random numbers from 0 to below 1 that are the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function pick<T>(random: () => number, choices: readonly T[]): T {
  const choice = choices[Math.floor(random() * choices.length)];
  if (choice === undefined) throw new Error('nothing to pick from');
  return choice;
}

/** Sends a request, now and then in two pieces or not in whole (`wholes`: the share of those that are), and goes on as clients do. */
export async function misbehave(
  client: RawClient,
  random: () => number,
  text: string,
  wholes: number,
): Promise<void> {
  const cut = random() < wholes ? text.length : Math.floor(random() * text.length);
  client.send(text.slice(0, cut));
  if (random() < 0.5) await new Promise(setImmediate);
  client.send(text.slice(cut));
  // What the client waits for may never come: then the connection's end is as good.
  await pick(random, CLIENT_ENDS)(client).catch(() => {});
  client.socket.destroy();
}

const LARGE = 'x'.repeat(300_000);

type Misbehaviour = (request: BackendRequest) => void | Promise<void>;

/** What a backend may do with a request, from good to bad. */
export const BACKEND_STEPS: readonly Misbehaviour[] = [
  (request) => request.reply(ok('fine')),
  (request) => request.reply(ok(LARGE)),
  async (request) => request.reply(ok(await request.body())),
  (request) =>
    request.reply('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfine\r\n0\r\nX-Sum: 1\r\n\r\n'),
  (request) => request.reply(`HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n${ok('fine')}`),
  (request) => request.reply('HTTP/1.1 204 No Content\r\n\r\n'),
  (request) => {
    request.reply('HTTP/1.0 200 OK\r\n\r\nuntil close');
    request.connection.socket.end();
  },
  (request) => {
    request.reply(ok('and goodbye'));
    request.connection.socket.end();
  },
  (request) => request.reply(ok('fine') + ok('poison')),
  (request) => request.reply('nonsense\r\n\r\n'),
  (request) =>
    request.reply('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'),
  (request) => request.reply('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n'),
  (request) => request.reply('HTTP/1.1 102 Processing\r\n\r\n'.repeat(50)),
  (request) => void request.connection.socket.end(),
  (request) => void request.connection.socket.resetAndDestroy(),
  (request) => {
    request.reply('HTTP/1.1 200 O');
    request.connection.socket.resetAndDestroy();
  },
  (request) => {
    request.reply('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf');
    request.connection.socket.end();
  },
  (request) => {
    request.reply(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n`);
    request.connection.socket.resetAndDestroy();
  },
  (request) => {
    request.connection.socket.pause();
    request.reply('HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n');
  },
  () => {}, // never answers
  (request) => request.reply('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'), // never goes on
];

const HANDSHAKE = get(
  '/',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Key: x',
  'Sec-WebSocket-Version: 13',
);

/** What a client may send. */
export const CLIENT_REQUESTS: readonly string[] = [
  get('/'),
  get('/').repeat(5),
  get('/', 'Connection: close'),
  'HEAD / HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET / HTTP/1.0\r\n\r\n',
  `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${LARGE.length}\r\n\r\n${LARGE}`,
  `PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello`,
  'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello',
  HANDSHAKE,
  'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nhalf',
  'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel',
  'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n',
  'GET / HTTP/1.1\r\nHos',
  'nonsense\r\n\r\n',
  'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n',
  '\r\n\r\n',
];

/** How a client goes on after what it has sent. */
const CLIENT_ENDS: readonly ((client: RawClient) => Promise<void>)[] = [
  async (client) => void (await client.end()), // waits until the proxy is through with it
  async (client) =>
    client
      .until(() => (client.bytesReceived > 0 ? true : null), 'a byte')
      .then(() => void client.socket.resetAndDestroy()),
  async (client) =>
    client
      .until(() => (client.bytesReceived > 0 ? true : null), 'a byte')
      .then(() => void client.socket.end()),
  async (client) => void client.socket.resetAndDestroy(),
  async (client) => {
    client.socket.end();
    await client.end();
  },
  async (client) => {
    await new Promise(setImmediate);
    client.socket.resetAndDestroy();
  },
  async (client) => {
    client.socket.pause(); // takes nothing for a while, then everything
    for (let i = 0; i < 50; i++) await new Promise(setImmediate);
    client.socket.resume();
    await client.end();
  },
];
