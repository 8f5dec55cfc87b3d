import { expect, test } from 'vitest';
import type { PluginHooks } from '../../../plugins/contract/hooks.ts';
import { chainOf } from '../../support/plugin-chain.ts';
import { startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw } from '../../support/raw-client.ts';
import { ACCEPTED, HANDSHAKE } from '../../support/websocket-peers.ts';
import { entry, startProxy } from '../http1/setup.ts';

const seen: string[] = [];
const watching: PluginHooks = {
  request: async () => void seen.push('request'),
  requestBody: () => {
    seen.push('requestBody');
    return null;
  },
  upstream: () => void seen.push('upstream'),
  response: async (exchange) => {
    await new Promise((resolve) => setTimeout(resolve, 30));
    exchange.response.headers.set('X-Plugin', '1');
    seen.push(`response ${exchange.response.status}`);
  },
  responseBody: () => {
    seen.push('responseBody');
    return null;
  },
};

test('a WebSocket passes request, upstream and response hooks, and loses nothing while they think', async () => {
  const server = await startRawBackend((request) => request.reply(`${ACCEPTED}early bytes`));
  const proxy = await startProxy({ backendPort: server.port, plugins: chainOf(watching) });
  const client = await connectRaw(proxy.port);
  client.send(`${HANDSHAKE}early too`);
  const head = await client.answerHead();
  expect([head.status, head.header('x-plugin')]).toEqual([101, '1']);
  await client.until(() => (client.buffered.includes('early bytes') ? true : null), 'what the backend sent');
  const backend = (await server.request(0)).connection;
  await backend.until(() => (backend.buffered.includes('early too') ? true : null), 'what the client sent');
  expect(seen).toEqual(['request', 'upstream', 'response 101']);
  client.socket.destroy();
  backend.socket.destroy();
  await entry(proxy);
});

test('a response hook may refuse the handshake that a backend has accepted', async () => {
  const server = await startRawBackend((request) => request.reply(ACCEPTED));
  const proxy = await startProxy({
    backendPort: server.port,
    plugins: chainOf({ response: async () => ({ status: 403, body: 'no' }) }),
  });
  const client = await connectRaw(proxy.port);
  const answer = await client.request(HANDSHAKE);
  expect([answer.status, answer.body]).toEqual([403, 'no']);
  await server.connections[0]?.end();
});

test('a backend that breaks off while a response hook thinks of its 101 ends the exchange', async () => {
  const server = await startRawBackend((request) => {
    request.reply(ACCEPTED);
    setTimeout(() => request.connection.socket.destroy(), 10);
  });
  const proxy = await startProxy({
    backendPort: server.port,
    plugins: chainOf({ response: () => new Promise((resolve) => setTimeout(resolve, 60)) }),
  });
  const client = await connectRaw(proxy.port);
  client.send(HANDSHAKE);
  await client.end();
  client.socket.destroy();
  expect((await entry(proxy)).error).not.toBeNull();
});
