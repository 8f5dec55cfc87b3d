import { createServer as createHttp1 } from 'node:http';
import { createServer as createHttp2, type Http2Session } from 'node:http2';
import { createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { authority, certificateFiles } from '../../support/certificates.ts';
import { startLoad, type Load } from '../../support/load.ts';
import { poll } from '../../support/poll.ts';
import { unusedPort } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { startBackend } from '../../support/slow-backend.ts';
import { runTidegate, type TidegateProcess } from '../../support/tidegate-process.ts';
import { ask, http2Session } from '../../integration/http2/setup.ts';

type Settings = Readonly<Record<string, unknown>>;

const config = (port: number, backend: string, listener: Settings, upstream: Settings = {}): string =>
  JSON.stringify({
    listeners: [
      { name: 'web', protocol: 'http', address: `127.0.0.1:${port}`, upstream: 'site', ...listener },
    ],
    upstreams: { site: { backends: [{ address: backend }], ...upstream } },
    workers: 2,
  });

const start = (text: string): Promise<TidegateProcess> =>
  runTidegate({ files: { 'tidegate.config.yaml': text }, workers: 'real' });

async function reload(tidegate: TidegateProcess, text: string): Promise<void> {
  await tidegate.write('tidegate.config.yaml', text);
  const reloaded = tidegate.nextLine('reloaded');
  tidegate.kill('SIGHUP');
  await reloaded;
}

/** Lets so many more requests be answered. */
async function more(load: Load, requests = 100): Promise<void> {
  const until = load.answered() + requests;
  await poll(() => load.answered() >= until);
}

test(
  'http to https on the same port: open connections go on as they are, new ones begin with TLS',
  { timeout: 60_000 },
  async () => {
    const { address } = await startBackend();
    const port = await unusedPort();
    const https = { protocol: 'https', tls: { certificates: [certificateFiles('local')] } };
    const tidegate = await start(config(port, address, {}));
    const plain = startLoad(`http://127.0.0.1:${port}/`, 8);
    await more(plain);
    await reload(tidegate, config(port, address, https));
    const secure = startLoad(`https://127.0.0.1:${port}/`, 8, { ca: authority });
    await Promise.all([more(plain), more(secure)]);
    await reload(tidegate, config(port, address, {}));
    await Promise.all([more(plain), more(secure)]);
    expect([(await plain.stop()).failures, (await secure.stop()).failures]).toEqual([[], []]);
  },
);

test(
  'http2 on and off: HTTP/1.1 does not notice, and sessions that are open go on',
  { timeout: 60_000 },
  async () => {
    const { address } = await startBackend();
    const port = await unusedPort();
    const tidegate = await start(config(port, address, { http2: true }));
    const kept = startLoad(`http://127.0.0.1:${port}/`, 4);
    const fresh = startLoad(`http://127.0.0.1:${port}/`, 4, { keepAlive: false });
    const sessions = Array.from({ length: 4 }, () => http2Session(port));
    // Open on our side, too, before HTTP/2 is switched off for those that come.
    await Promise.all(sessions.map((session) => ask(session)));
    for (let round = 0; round < 4; round++) {
      await reload(tidegate, config(port, address, { http2: round % 2 === 1 }));
      const answers = await Promise.all(sessions.flatMap((session) => [ask(session), ask(session)]));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      await Promise.all([more(kept), more(fresh)]);
    }
    expect([(await kept.stop()).failures, (await fresh.stop()).failures]).toEqual([[], []]);
  },
);

test('the PROXY protocol on and off: open connections go on as they are', { timeout: 60_000 }, async () => {
  const { address } = await startBackend();
  const port = await unusedPort();
  const tidegate = await start(config(port, address, {}));
  const plain = startLoad(`http://127.0.0.1:${port}/`, 8);
  await more(plain);
  await reload(tidegate, config(port, address, { proxyProtocol: { trust: ['127.0.0.1'] } }));
  const client = await connectRaw(port);
  client.send(`PROXY TCP4 192.0.2.7 198.51.100.1 4711 443\r\n${get('/')}`);
  expect((await client.answer()).status).toBe(200);
  await more(plain);
  await reload(tidegate, config(port, address, {}));
  expect((await client.request(get('/'))).status).toBe(200);
  await more(plain);
  expect((await plain.stop()).failures).toEqual([]);
});

/** A backend that answers `ok` over HTTP/1.1 and, where a connection begins with it, HTTP/2. */
async function startBackendOfBoth(): Promise<{ address: string; served: { http1: number; http2: number } }> {
  const served = { http1: 0, http2: 0 };
  const sockets = new Set<Socket>();
  const sessions = new Set<Http2Session>();
  const http1 = createHttp1({ keepAliveTimeout: 60_000 }, (_, response) => {
    served.http1 += 1;
    response.end('ok');
  });
  const http2 = createHttp2((_, response) => {
    served.http2 += 1;
    response.end('ok');
  }).on('session', (session) => {
    sessions.add(session);
    session.on('error', () => {});
  });
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('readable', () => {
      const piece: unknown = socket.read();
      if (!Buffer.isBuffer(piece)) return;
      socket.unshift(piece);
      (piece.toString('latin1').startsWith('PRI') ? http2 : http1).emit('connection', socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    for (const session of sessions) session.destroy();
    for (const socket of sockets) socket.destroy();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { address: `127.0.0.1:${address.port}`, served };
}

test(
  'backends by HTTP/1.1 and HTTP/2 by turns: no request fails, POST included',
  { timeout: 60_000 },
  async () => {
    const { address, served } = await startBackendOfBoth();
    const port = await unusedPort();
    const tidegate = await start(config(port, address, {}));
    const loads = (['GET', 'POST'] as const).map((method) =>
      startLoad(`http://127.0.0.1:${port}/`, 8, { method }),
    );
    for (let round = 0; round < 6; round++) {
      await Promise.all(loads.map((load) => more(load)));
      await reload(tidegate, config(port, address, {}, { protocol: round % 2 === 0 ? 'h2c' : 'http1' }));
    }
    await Promise.all(loads.map((load) => more(load)));
    for (const count of Object.values(served)) expect(count).toBeGreaterThan(200);
    for (const load of loads) expect((await load.stop()).failures).toEqual([]);
  },
);
