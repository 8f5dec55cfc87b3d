import { request } from 'node:http';
import { connect } from 'node:http2';
import { expect, onTestFinished, test } from 'vitest';
import type { PluginHooks } from '../../../plugins/contract/hooks.ts';
import type { BodyTransform } from '../../../plugins/contract/message.ts';
import { chainOf, instanceOf } from '../../support/plugin-chain.ts';
import { poll } from '../../support/poll.ts';
import { startHttp2Backend } from '../../support/http2-backend.ts';
import { startRawBackend } from '../../support/raw-backend.ts';
import { startProxy } from '../http1/setup.ts';

const EXCHANGES = 400;
const BODY = 'some text, '.repeat(3000);

/** mulberry32: the same numbers every time. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const next = random(7);
const maybe = (share: number): boolean => next() < share;
const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, next() * 8));

let opened = 0;
let closed = 0;

/** Passes everything on, in one way or another, and fails now and then. */
function transform(): BodyTransform {
  opened += 1;
  const isSlow = maybe(0.5);
  return {
    data(piece, push) {
      if (maybe(0.01)) throw new Error('chaos');
      if (!isSlow) return push(piece);
      const copy = Buffer.from(piece);
      return soon().then(() => push(copy));
    },
    flush: () => (isSlow ? soon() : undefined),
    end: () => (isSlow ? soon() : undefined),
    close() {
      closed += 1;
    },
  };
}

const hook = () =>
  maybe(0.5)
    ? { transform: transform(), decoded: maybe(0.3), ...(maybe(0.5) ? { length: 'same' as const } : {}) }
    : null;

const chaos = (): PluginHooks => ({
  async request(exchange) {
    if (maybe(0.5)) await soon();
    if (maybe(0.02)) throw new Error('chaos');
    if (maybe(0.02)) exchange.abort();
    if (maybe(0.02)) setTimeout(() => exchange.refuse({ status: 503 }), next() * 30);
    return maybe(0.05) ? { status: 403, body: maybe(0.5) ? 'no' : answer() } : undefined;
  },
  requestBody: hook,
  upstream() {
    if (maybe(0.02)) throw new Error('chaos');
  },
  async response() {
    if (maybe(0.5)) await soon();
    if (maybe(0.02)) throw new Error('chaos');
    return maybe(0.03) ? { status: 418, body: answer() } : undefined;
  },
  responseBody: hook,
  log() {},
});

async function* answer(): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < 5; i++) {
    await soon();
    if (maybe(0.05)) throw new Error('chaos');
    yield new TextEncoder().encode('piece');
  }
}

/** What an HTTP/1.1 client gets: status and body, or null for what was cut off. */
function ask1(port: number): Promise<[number, string] | null> {
  return new Promise((resolve) => {
    const sent = request({ port, host: '127.0.0.1', method: 'PUT', agent: false }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => resolve([response.statusCode ?? 0, body]));
      response.on('error', () => resolve(null));
    });
    sent.on('error', () => resolve(null));
    sent.on('close', () => resolve(null));
    if (maybe(0.1)) setTimeout(() => sent.destroy(), next() * 20);
    sent.end(BODY);
  });
}

function ask2(session: ReturnType<typeof connect>): Promise<[number, string] | null> {
  return new Promise((resolve) => {
    const stream = session.request({ ':method': 'PUT', ':path': '/' });
    let status = 0;
    let body = '';
    stream.on('response', (headers) => (status = Number(headers[':status'])));
    stream.on('data', (chunk: Buffer) => (body += chunk.toString()));
    stream.on('end', () => resolve(stream.rstCode === 0 ? [status, body] : null));
    stream.on('error', () => resolve(null));
    stream.on('close', () => resolve(stream.rstCode === 0 && status !== 0 ? [status, body] : null));
    if (maybe(0.1)) setTimeout(() => stream.close(8), next() * 20);
    stream.end(BODY);
  });
}

test('whatever hooks, transforms, clients and backends do: one entry each, nothing left behind, no answer that only looks whole', async () => {
  const one = await startRawBackend(async (received) => {
    if (maybe(0.05)) return void received.connection.socket.resetAndDestroy();
    const body = await received.body();
    const half = maybe(0.03);
    received.reply(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${half ? 'half' : body}`);
    if (half) received.connection.socket.destroy();
  });
  const two = await startHttp2Backend((stream) => {
    stream.respond({ ':status': 200 });
    stream.pipe(stream);
  });
  const instances = [instanceOf(chaos()), instanceOf(chaos(), { kind: 'skip' })];
  const late = instanceOf(chaos());
  const proxy = await startProxy({
    listener: { http2: true, routes: [{ methods: ['PUT'], upstream: 'site' }] },
    upstreams: {
      site: {
        backends: [{ address: `127.0.0.1:${one.port}` }],
        retries: { attempts: 2 },
        fallback: 'spare',
        circuitBreaker: false,
        passiveHealth: false,
      },
      spare: { protocol: 'h2c', backends: [{ address: `127.0.0.1:${two.port}` }] },
    },
    plugins: chainOf(...instances),
    upstreamPlugins: new Map([['site', chainOf(late)]]),
  });
  const session = connect(`http://127.0.0.1:${proxy.port}`);
  session.on('error', () => {});
  onTestFinished(() => session.destroy());
  const answers: ([number, string] | null)[] = [];
  for (let i = 0; i < EXCHANGES; i += 20)
    answers.push(
      ...(await Promise.all(
        Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? ask1(proxy.port) : ask2(session))),
      )),
    );
  await poll(() => proxy.service.counters.inFlight === 0);
  const whole = answers.filter((each) => each?.[0] === 200);
  expect(whole.length).toBeGreaterThan(EXCHANGES / 4);
  expect(whole.every((each) => each?.[1] === BODY)).toBe(true);
  expect(proxy.entries).toHaveLength(proxy.service.counters.requests);
  expect(instances[0]?.calls.log).toBe(proxy.service.counters.requests);
  expect(closed).toBe(opened);
  expect(opened).toBeGreaterThan(EXCHANGES / 4);
  expect(proxy.entries.filter(({ error }) => error === 'internal-error')).toEqual([]);
}, 60_000);
