import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { Aedes } from 'aedes';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { expect, onTestFinished, test } from 'vitest';
import { listenForTest } from '../../support/listen.ts';
import { poll } from '../../support/poll.ts';
import { runTidegate, type TidegateProcess } from '../../support/tidegate-process.ts';

const MESSAGES = 3000;
const IDLE_SECONDS = 2;

/** A broker, and Tidegate in front of it. */
async function startBroker(): Promise<{ broker: Aedes; tidegate: TidegateProcess; port: number }> {
  const broker = await Aedes.createBroker();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    broker.handle(socket);
  });
  const behind = await listenForTest(server, () => {
    for (const socket of sockets) socket.destroy();
    broker.close();
  });
  const tidegate = await runTidegate({
    workers: 'real',
    files: {
      'tidegate.config.yaml': `
listeners:
  - { name: mqtt, protocol: tcp, address: '127.0.0.1:0', upstream: broker, timeouts: { idle: ${IDLE_SECONDS}s } }
upstreams: { broker: { backends: [{ address: '127.0.0.1:${behind}' }], healthCheck: false } }
workers: 2
`,
    },
  });
  return { broker, tidegate, port: await tidegate.port('mqtt') };
}

/** It does not connect again by itself, so that nothing goes unnoticed. */
async function connect(port: number, options: IClientOptions): Promise<MqttClient> {
  const client = await connectAsync(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 0, ...options });
  onTestFinished(() => void client.end(true));
  return client;
}

test('messages of QoS 1 arrive once and in order, and are acknowledged, over a reload', async () => {
  const { broker, tidegate, port } = await startBroker();
  let acknowledged = 0;
  broker.on('ack', () => void acknowledged++);
  const [subscriber, publisher] = [await connect(port, {}), await connect(port, {})];
  const received: string[] = [];
  subscriber.on('message', (_, payload) => received.push(payload.toString()));
  await subscriber.subscribeAsync('news/+', { qos: 1 });
  const sent = Array.from({ length: MESSAGES }, (_, index) => String(index));
  const published = Promise.all(sent.map((text) => publisher.publishAsync('news/today', text, { qos: 1 })));
  await poll(() => received.length > MESSAGES / 10);
  const reloaded = tidegate.nextLine('reloaded');
  tidegate.kill('SIGHUP');
  await reloaded;
  await publisher.publishAsync('news/today', 'after the reload', { qos: 1 });
  await published;
  await poll(() => received.length > MESSAGES && acknowledged > MESSAGES);
  expect(received).toEqual([...sent, 'after the reload']);
  expect([subscriber.connected, publisher.connected]).toEqual([true, true]);
});

test('pings keep a connection that has nothing else to say; without them it ends', async () => {
  const { broker, port } = await startBroker();
  const pinging = await connect(port, { keepalive: 1 });
  const pinged = once(broker, 'ping');
  const silent = await connect(port, { keepalive: 0 });
  await new Promise<void>((closed) => silent.once('close', closed));
  await pinged;
  // It has been silent for as long but for its pings.
  await once(broker, 'ping');
  await pinging.publishAsync('news/today', 'still here', { qos: 1 });
  expect(pinging.connected).toBe(true);
});
