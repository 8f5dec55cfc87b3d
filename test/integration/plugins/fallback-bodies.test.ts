import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { keptBodyBytes } from '../../../core/forward/request-body.ts';
import type { PluginChain } from '../../../plugins/contract/chain.ts';
import type { BodyTransform } from '../../../plugins/contract/message.ts';
import { chainOf } from '../../support/plugin-chain.ts';
import { poll } from '../../support/poll.ts';
import { ok, startRawBackend, unusedPort, type RawBackend } from '../../support/raw-backend.ts';
import { connectRaw, post } from '../../support/raw-client.ts';
import { entry, startProxy } from '../http1/setup.ts';

/** Puts its name behind each piece, a little later, and a dot behind the last one. */
const named = (name: string): BodyTransform => ({
  async data(piece, push) {
    const copy = Buffer.from(piece);
    await delay(1);
    push(Buffer.concat([copy, Buffer.from(name)]));
  },
  end: (push) => push(Buffer.from('.')),
});

const plugin = (name: string): PluginChain => chainOf({ requestBody: () => ({ transform: named(name) }) });
const echo = (): Promise<RawBackend> =>
  startRawBackend(async (request) => request.reply(ok(await request.body())));
const put = (body: string): string => post('/', body).replace('POST', 'PUT');

async function start(first: object, other: object, ofListener?: PluginChain) {
  return startProxy({
    upstreams: {
      site: { retries: { attempts: 1 }, fallback: 'other', ...first },
      other: { retries: { attempts: 2 }, ...other },
    },
    ...(ofListener === undefined ? {} : { plugins: ofListener }),
    upstreamPlugins: new Map([
      ['site', plugin('s')],
      ['other', plugin('o')],
    ]),
  });
}

const at = (port: number, more: object = {}): object => ({ address: `127.0.0.1:${port}`, ...more });

test('no backend takes requests: the body passes the transforms of both upstreams', async () => {
  const other = await echo();
  const proxy = await start(
    { backends: [at(9, { state: 'drain' })] },
    { backends: [at(other.port)] },
    plugin('l'),
  );
  expect((await (await connectRaw(proxy.port)).request(put('body'))).body).toBe('bodylso.so.o.');
  expect((await entry(proxy)).requestBytes).toBe(4);
});

test('what a failed attempt has had of the body passes those of the fallback, and is sent to each backend of it alike', async () => {
  const broken = await startRawBackend((request) => {
    void poll(() => broken.received().includes('fir')).then(() =>
      request.connection.socket.resetAndDestroy(),
    );
  });
  const alsoBroken = await startRawBackend((request) => {
    void request.body().then(() => request.connection.socket.resetAndDestroy());
  });
  const other = await echo();
  const proxy = await start(
    { backends: [at(broken.port)] },
    { scheduler: 'round-robin', backends: [at(alsoBroken.port), at(other.port)] },
  );
  const client = await connectRaw(proxy.port);
  client.send('PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nfir\r\n');
  await poll(() => alsoBroken.received().includes('firso'));
  client.send('2\r\nst\r\n0\r\nX-T: 1\r\n\r\n');
  expect((await client.answer()).body).toBe('firsostso.o.');
  expect(await (await other.request(0)).trailers()).toBe('X-T: 1');
  expect(await entry(proxy)).toMatchObject({ upstream: 'other', attempts: 3, requestBytes: 5 });
});

test('nothing is kept of a body that no backend of the fallback takes', async () => {
  const broken = await startRawBackend((request) => {
    void request.body().then(() => request.connection.socket.resetAndDestroy());
  });
  const proxy = await start({ backends: [at(broken.port)] }, { backends: [at(9, { weight: 0 })] });
  expect((await (await connectRaw(proxy.port)).request(put('body'))).status).toBe(502);
  await entry(proxy);
  expect(keptBodyBytes()).toBe(0);
});

test('a transform of the fallback that fails fails the request', async () => {
  const broken = chainOf({
    requestBody: () => ({
      transform: {
        data() {
          throw new Error('broken');
        },
      },
    }),
  });
  const other = await echo();
  const proxy = await startProxy({
    upstreams: {
      site: { backends: [at(await unusedPort())], retries: { attempts: 1 }, fallback: 'other' },
      other: { backends: [at(other.port)] },
    },
    upstreamPlugins: new Map([['other', broken]]),
  });
  expect((await (await connectRaw(proxy.port)).request(put('body'))).status).toBe(500);
  expect((await entry(proxy)).error).toBe('plugin-fault');
});

test('a body larger than the fallback takes at once goes there at its pace', async () => {
  const broken = await startRawBackend((request) => {
    void poll(() => broken.received().includes('x')).then(() => request.connection.socket.resetAndDestroy());
  });
  const other = await startRawBackend(async (request) =>
    request.reply(ok(String((await request.body()).replaceAll(/[^x]/g, '').length))),
  );
  const proxy = await start({ backends: [at(broken.port)] }, { backends: [at(other.port)] });
  const client = await connectRaw(proxy.port);
  const bytes = 4 * 1024 * 1024;
  client.send(`PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${bytes}\r\n\r\nx`);
  await poll(() => other.requests.length === 1);
  client.send('x'.repeat(bytes - 1));
  expect((await client.answer()).body).toBe(String(bytes));
});
