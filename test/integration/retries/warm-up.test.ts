import { expect, onTestFinished, test } from 'vitest';
import { WarmUp } from '../../../core/worker/warm-up.ts';
import { startHttp2Backend } from '../../support/http2-backend.ts';
import { poll } from '../../support/poll.ts';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import type { DataPath } from '../../support/data-path.ts';
import { entry, site, startProxy } from '../http1/setup.ts';

function warm(proxy: DataPath): void {
  const warmUp = new WarmUp(proxy.pools);
  onTestFinished(() => warmUp.stop());
  warmUp.keep(proxy.upstreams.values());
}

function idle(proxy: DataPath): number {
  const runtimes = [...proxy.upstreams.values()].flatMap(({ backends }) =>
    backends.map(({ runtime }) => runtime),
  );
  return runtimes.reduce((sum, runtime) => sum + proxy.pools.count(runtime).idle, 0);
}

test('connections are there ahead of the first request, and are used for it', async () => {
  const backend = await startRawBackend((request) => request.reply(ok('fine')));
  const proxy = await startProxy({ upstreams: site([backend.port], { connections: { warmUp: 3 } }) });
  warm(proxy);
  await poll(() => idle(proxy) === 3);
  expect((await (await connectRaw(proxy.port)).request(get('/'))).status).toBe(200);
  expect(backend.connections).toHaveLength(3);
});

test('one that the backend closes is replaced', async () => {
  const backend = await startRawBackend();
  const proxy = await startProxy({ upstreams: site([backend.port], { connections: { warmUp: 2 } }) });
  warm(proxy);
  await poll(() => idle(proxy) === 2);
  backend.connections[0]?.socket.destroy();
  await poll(() => idle(proxy) === 2 && backend.connections.length === 3);
});

test('never beyond `max` and `maxIdle`, nor to a backend that takes no requests', async () => {
  const [few, none] = await Promise.all([startRawBackend(), startRawBackend()]);
  const proxy = await startProxy({
    upstreams: {
      site: {
        backends: [
          { address: `127.0.0.1:${few.port}` },
          { address: `127.0.0.1:${none.port}`, state: 'drain' },
        ],
        connections: { warmUp: 10, max: 4, maxIdle: 3 },
      },
    },
  });
  warm(proxy);
  await poll(() => idle(proxy) === 3 && few.connections.length === 3);
  expect([few.connections.length, none.connections.length]).toEqual([3, 0]);
});

test('HTTP/2: a connection with word of what the backend allows', async () => {
  const backend = await startHttp2Backend((stream) => {
    stream.respond({ ':status': 204 }, { endStream: true });
  });
  const settings = { protocol: 'h2c', connections: { warmUp: 1 } };
  const proxy = await startProxy({ upstreams: site([backend.port], settings) });
  warm(proxy);
  await poll(() => idle(proxy) === 1);
  expect((await (await connectRaw(proxy.port)).request(get('/'))).status).toBe(204);
  expect(backend.sessions).toHaveLength(1);
});

test('one that was stale costs the client nothing', async () => {
  const backend = await startRawBackend((request) => {
    if (request.connection.index === 0) request.connection.socket.resetAndDestroy();
    else request.reply(ok('fine'));
  });
  const settings = { connections: { warmUp: 1 }, retries: { attempts: 1 } };
  const proxy = await startProxy({ upstreams: site([backend.port], settings) });
  warm(proxy);
  await poll(() => idle(proxy) === 1);
  expect((await (await connectRaw(proxy.port)).request(get('/'))).status).toBe(200);
  expect((await entry(proxy)).attempts).toBe(1);
});
