import { expect, test } from 'vitest';
import { ok } from '../../support/raw-backend.ts';
import { connectRaw } from '../../support/raw-client.ts';
import { acceptanceOf, HANDSHAKE } from '../../support/websocket-peers.ts';
import { ask as askHttp2, http2Session } from '../http2/setup.ts';
import { cookieOf, KEY, startSticky } from './setup.ts';

test('an HTTP/2 client stays with its backend, whatever else is in its cookies', async () => {
  const running = await startSticky({ type: 'cookie', key: KEY }, undefined, { http2: true });
  const session = http2Session(running.proxy.port);
  const first = await askHttp2(session);
  const [set = ''] = [first.headers['set-cookie']].flat();
  const cookie = String(set).split(';')[0];
  for (let i = 0; i < 5; i++) {
    // Node sends them as crumbs (RFC 9113 8.2.3).
    const again = await askHttp2(session, { cookie: ['a=1', `${cookie}`, 'b=2'] });
    expect([again.body, again.headers['set-cookie']]).toEqual([first.body, undefined]);
  }
});

test('a WebSocket gets the cookie with its 101, and later ones stay with its backend', async () => {
  const running = await startSticky({ type: 'cookie', key: KEY }, (index) => (request) => {
    if (request.header('upgrade') === null) request.reply(ok(String(index)));
    else request.reply(acceptanceOf(request).replace('\r\n', `\r\nX-Index: ${index}\r\n`));
  });
  const open = async (...lines: string[]) => {
    const client = await connectRaw(running.proxy.port);
    client.send(HANDSHAKE.replace('\r\n\r\n', ['', ...lines, '', ''].join('\r\n')));
    const head = await client.answerHead();
    client.socket.destroy();
    return head;
  };
  const first = await open();
  expect(first.status).toBe(101);
  for (let i = 0; i < 5; i++) {
    const again = await open(`Cookie: ${cookieOf(first)}`);
    expect([again.header('x-index'), again.header('set-cookie')]).toEqual([first.header('x-index'), null]);
  }
});
