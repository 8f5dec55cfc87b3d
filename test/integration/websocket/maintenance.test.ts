import { expect, test } from 'vitest';
import { runTidegate } from '../../support/tidegate-process.ts';
import { startProxy } from '../http1/setup.ts';
import { closing, openWebSocket, startWebSocketServer } from '../../support/websocket-peers.ts';

const config = (port: number, state: string): string => `
listeners: [{ name: web, address: '127.0.0.1:0', upstream: site, webSocket: { drainTimeout: 100ms } }]
upstreams: { site: { backends: [{ address: '127.0.0.1:${port}', state: ${state} }] } }
workers: 1
`;

test('maintenance closes WebSockets with 1001, drain does not', async () => {
  const { port } = await startWebSocketServer();
  const tidegate = await runTidegate({
    files: { 'tidegate.config.yaml': config(port, 'ready') },
    workers: 'real',
  });
  const webPort = Number(new URL(await tidegate.url()).port);
  const reload = async (state: string): Promise<void> => {
    await tidegate.write('tidegate.config.yaml', config(port, state));
    expect((await tidegate.command('reload')).stderr).toBe('');
  };
  const first = await openWebSocket(webPort);
  await reload('drain');
  first.send('still here');
  await new Promise((resolve) => first.once('message', resolve));
  const closed = closing(first);
  await reload('maintenance');
  expect((await closed).code).toBe(1001);
});

test('a backend that is out of maintenance keeps its new WebSockets', async () => {
  const [server, other] = [await startWebSocketServer(), await startWebSocketServer()];
  const proxy = await startProxy({
    listener: {
      webSocket: { drainTimeout: '100ms' },
      routes: [{ headers: { 'x-back': true }, upstream: 'back' }],
      upstream: 'leaves',
    },
    upstreams: {
      back: { backends: [{ address: `127.0.0.1:${server.port}` }] },
      leaves: { backends: [{ address: `127.0.0.1:${other.port}` }] },
    },
  });
  const runtimesOf = (name: string) =>
    proxy.upstreams.get(name)?.backends.map(({ runtime }) => runtime) ?? [];
  const { tunnels } = proxy.service;
  tunnels.leave(runtimesOf('back'));
  tunnels.stay(runtimesOf('back'));
  const stays = await openWebSocket(proxy.port, { headers: { 'x-back': '1' } });
  const leaves = await openWebSocket(proxy.port);
  tunnels.leave(runtimesOf('leaves'));
  // Had the first one been told to leave, it would have been closed before.
  await closing(leaves);
  expect(stays.readyState).toBe(stays.OPEN);
});
