import { request } from 'node:http';
import { expect, test } from 'vitest';
import type { DataPath } from '../../support/data-path.ts';
import { poll } from '../../support/poll.ts';
import { ok, startRawBackend, unusedPort, type RawBackend } from '../../support/raw-backend.ts';
import { recordingLog } from '../../support/recording-log.ts';
import { startProxy } from '../http1/setup.ts';

const quick = { failures: 2, ejection: '100ms', minRequests: 4 };

function start(
  ports: readonly number[],
  passiveHealth: object | false,
  log = recordingLog().log,
): Promise<DataPath> {
  const backends = ports.map((port) => ({ address: `127.0.0.1:${port}` }));
  return startProxy({ upstreams: { site: { backends, passiveHealth } }, log });
}

function ask(proxy: DataPath, method = 'GET'): Promise<number> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ port: proxy.port, method, agent: false }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode ?? 0));
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

async function askTimes(proxy: DataPath, times: number): Promise<number[]> {
  const statuses: number[] = [];
  for (let i = 0; i < times; i++) statuses.push(await ask(proxy));
  return statuses;
}

function runtimeOf(proxy: DataPath, port: number) {
  const backend = proxy.upstreams
    .get('site')
    ?.backends.find(({ addressText }) => addressText === `127.0.0.1:${port}`);
  if (backend === undefined) throw new Error('no such backend');
  return backend.runtime;
}

const failing = (status: number): Promise<RawBackend> =>
  startRawBackend((each) => each.reply(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`));

test('a backend that refuses connections is left out after two failures, and no client hears of it', async () => {
  const [good, other, gone] = [await startRawBackend(), await startRawBackend(), await unusedPort()];
  const { log, lines } = recordingLog();
  const proxy = await start(
    [gone, good.port, other.port],
    { failures: 2, ejection: '1h', maxEjection: '1h' },
    log,
  );
  expect(new Set(await askTimes(proxy, 20))).toEqual(new Set([200]));
  expect(runtimeOf(proxy, gone)).toMatchObject({ ejected: true, requests: 2, errors: 2 });
  expect(lines.filter(({ level }) => level === 'warn')).toEqual([
    {
      level: 'warn',
      message: 'a backend is left out for a while',
      fields: {
        upstream: 'site',
        backend: `127.0.0.1:${gone}`,
        reason: expect.stringContaining('2 failures in a row, the last: connect ECONNREFUSED'),
        forMs: 3_600_000,
      },
    },
  ]);
});

test('when its time is over one request tries it, and if that works it is used again', async () => {
  let isBroken = true;
  let seen = 0;
  const sick = await startRawBackend((each) => {
    seen += 1;
    if (isBroken) each.connection.socket.resetAndDestroy();
    else each.reply(ok('back'));
  });
  const good = await startRawBackend();
  const proxy = await start([sick.port, good.port], quick);
  const { passive } = runtimeOf(proxy, sick.port);
  await askTimes(proxy, 6);
  expect(passive.phase).toBe('ejected');
  await poll(() => passive.phase === 'on-trial');

  // It fails on trial: one request finds that out, and the next time out is twice as long.
  const before = seen;
  expect(await Promise.all(Array.from({ length: 8 }, () => ask(proxy)))).toEqual(Array(8).fill(200));
  expect(seen - before).toBe(1);
  expect(passive.phase).toBe('ejected');

  isBroken = false;
  await poll(() => passive.phase === 'on-trial');
  expect(await askTimes(proxy, 6)).toEqual(Array(6).fill(200));
  expect(passive.phase).toBe('in-use');
  expect(runtimeOf(proxy, sick.port).ejected).toBe(false);
  expect(seen).toBeGreaterThan(before + 2);
});

test('a client that leaves during the trial leaves it to the next', async () => {
  const [good, sick] = [await startRawBackend(), await startRawBackend(() => undefined)];
  const proxy = await start([sick.port, good.port], quick);
  const runtime = runtimeOf(proxy, sick.port);
  const { passiveHealth } = proxy.upstreams.get('site')?.config ?? {};
  if (passiveHealth == null) throw new Error('no settings');
  const ejection =
    runtime.passive.onFailure('x', passiveHealth, 0) ?? runtime.passive.onFailure('x', passiveHealth, 0);
  if (ejection !== null) runtime.passive.onTimeServed(ejection);
  const client = request({ port: proxy.port, agent: false });
  client.on('error', () => undefined);
  client.end();
  await sick.request(0);
  expect(runtime.passive.phase).toBe('trying');
  expect(runtime.ejected).toBe(true);
  client.destroy();
  await poll(() => runtime.passive.phase === 'on-trial');
  expect(runtime.ejected).toBe(false);
});

test('answers with 5xx eject by their ratio', async () => {
  const [good, bad] = [await startRawBackend(), await failing(500)];
  const proxy = await start([good.port, bad.port], { ...quick, ejection: '1h', maxEjection: '1h' });
  await askTimes(proxy, 7);
  expect(runtimeOf(proxy, bad.port).ejected).toBe(false);
  await askTimes(proxy, 2);
  expect(runtimeOf(proxy, bad.port).ejected).toBe(true);
  expect(await askTimes(proxy, 4)).toEqual([200, 200, 200, 200]);
});

test('answers with 4xx do not', async () => {
  const [good, bad] = [await startRawBackend(), await failing(404)];
  const proxy = await start([good.port, bad.port], quick);
  await askTimes(proxy, 20);
  expect(runtimeOf(proxy, bad.port).ejected).toBe(false);
});

test('when more than the allowed share is out, all are used', async () => {
  const [good, gone, alsoGone] = [await startRawBackend(), await unusedPort(), await unusedPort()];
  const proxy = await start([good.port, gone, alsoGone], { ...quick, ejection: '1h', maxEjection: '1h' });
  await askTimes(proxy, 20);
  expect([gone, alsoGone].map((port) => runtimeOf(proxy, port).ejected)).toEqual([true, true]);
  expect(proxy.upstreams.get('site')?.candidates()).toHaveLength(3);
});

test('a timeout is a failure', async () => {
  const [good, silent] = [await startRawBackend(), await startRawBackend(() => undefined)];
  const proxy = await startProxy({
    upstreams: {
      site: {
        backends: [{ address: `127.0.0.1:${silent.port}` }, { address: `127.0.0.1:${good.port}` }],
        timeouts: { response: '100ms' },
        passiveHealth: { ...quick, ejection: '1h', maxEjection: '1h' },
      },
    },
  });
  await askTimes(proxy, 4);
  expect(runtimeOf(proxy, silent.port)).toMatchObject({ ejected: true, requests: 2 });
});

test.each<[what: string, answer: string, body: string]>([
  ['by its length', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n', 'half'],
  ['in chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', '4\r\nhalf\r\n'],
])('an answer that the backend breaks off is a failure: %s', async (_, head, half) => {
  const [good, sick] = [
    await startRawBackend(),
    await startRawBackend(({ connection }) => void connection.socket.end(head + half)),
  ];
  const proxy = await start([good.port, sick.port], {
    failures: 2,
    minRequests: 100,
    ejection: '1h',
    maxEjection: '1h',
  });
  const outcomes = await Promise.allSettled(Array.from({ length: 4 }, () => ask(proxy)));
  expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(2);
  await poll(() => runtimeOf(proxy, sick.port).ejected);
  expect(await askTimes(proxy, 4)).toEqual([200, 200, 200, 200]);
});

test('one that the client breaks off is none', async () => {
  const endless = (): Promise<RawBackend> =>
    startRawBackend((each) => each.reply('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'));
  const backends = [await endless(), await endless()];
  const proxy = await start(
    backends.map(({ port }) => port),
    { ...quick, failures: 1 },
  );
  for (let i = 0; i < 6; i++) {
    await new Promise<void>((resolve) => {
      const client = request({ port: proxy.port, agent: false }, (answer) => {
        answer.on('error', () => undefined);
        answer.once('data', () => client.destroy());
        client.on('close', resolve);
      });
      client.on('error', () => undefined);
      client.end();
    });
  }
  for (const { port, connections } of backends) {
    for (const connection of connections) await connection.end();
    expect(runtimeOf(proxy, port)).toMatchObject({ ejected: false, inFlight: 0, requests: 3 });
  }
});

test('an idle connection that the backend closes is no failure', async () => {
  const good = await startRawBackend();
  const closing = await startRawBackend(async (each) => {
    each.reply(ok('once'));
    await each.body();
    each.connection.socket.end();
  });
  const proxy = await start([closing.port, good.port], { ...quick, failures: 1 });
  expect(new Set(await askTimes(proxy, 20))).toEqual(new Set([200]));
  expect(runtimeOf(proxy, closing.port)).toMatchObject({ ejected: false, requests: expect.any(Number) });
});

test('nobody looks where it is false, or where there is one backend only', async () => {
  const [good, gone] = [await startRawBackend(), await unusedPort()];
  const off = await start([good.port, gone], false);
  await askTimes(off, 20);
  expect(runtimeOf(off, gone).ejected).toBe(false);
  const alone = await start([gone], quick);
  await askTimes(alone, 5);
  expect(runtimeOf(alone, gone).ejected).toBe(false);
});
