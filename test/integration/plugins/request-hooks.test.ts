import { expect, test } from 'vitest';
import { chainOf, instanceOf, SKIP } from '../../support/plugin-chain.ts';
import { poll } from '../../support/poll.ts';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get, post } from '../../support/raw-client.ts';
import { entry, startProxy } from '../http1/setup.ts';

test('what a request hook sets of target, host and fields the backend gets; the log has the target as received', async () => {
  const backend = await startRawBackend();
  const proxy = await startProxy({
    backendPort: backend.port,
    plugins: chainOf({
      request(exchange) {
        expect(exchange.request.target).toBe('/a%2dc?x=1');
        expect([exchange.request.path, exchange.request.query]).toEqual(['/a-c', 'x=1']);
        exchange.request.target = '/new?y=2';
        exchange.request.host = 'Other.test:81';
        exchange.request.headers.set('X-One', 'first');
        exchange.request.headers.append('x-one', 'second');
        exchange.request.headers.delete('x-gone');
      },
    }),
  });
  const client = await connectRaw(proxy.port);
  expect((await client.request(get('/a%2dc?x=1', 'X-Gone: 1'))).body).toBe('hello');
  const request = await backend.request(0);
  expect(request.target).toBe('/new?y=2');
  expect(request.header('host')).toBe('other.test:81');
  expect(request.header('x-gone')).toBeNull();
  expect(backend.received()).toContain('X-One: first\r\nx-one: second\r\n');
  expect((await entry(proxy)).target).toBe('/a%2dc?x=1');
});

test('hooks run in the order of the config, also where one takes its time', async () => {
  const backend = await startRawBackend();
  const seen: string[] = [];
  const proxy = await startProxy({
    backendPort: backend.port,
    plugins: chainOf(
      {
        async request() {
          await new Promise((resolve) => setTimeout(resolve, 20));
          seen.push('first');
        },
      },
      { request: () => void seen.push('second') },
    ),
  });
  const client = await connectRaw(proxy.port);
  expect((await client.request(post('/', 'body'))).status).toBe(200);
  expect(await (await backend.request(0)).body()).toBe('body');
  expect(seen).toEqual(['first', 'second']);
});

test('an answer goes out by the plugins before the one that gave it, and no further hook is called', async () => {
  const seen: string[] = [];
  const named = (name: string): object => ({
    response: () => void seen.push(name),
    log: () => void seen.push(`log ${name}`),
  });
  const proxy = await startProxy({
    plugins: chainOf(
      { ...named('one'), request: () => {} },
      {
        ...named('two'),
        request: async () => ({ status: 403, headers: { 'X-Why': 'no' }, body: 'no entry' }),
      },
      { ...named('three'), request: () => void seen.push('request three') },
    ),
  });
  const client = await connectRaw(proxy.port);
  const answer = await client.request(get('/'));
  expect([answer.status, answer.header('x-why'), answer.body]).toEqual([403, 'no', 'no entry']);
  expect(seen).toEqual(['one', 'log one', 'log two']);
  expect(await entry(proxy)).toMatchObject({ status: 403, error: null, attempts: 0, responseBytes: 8 });
});

test('a client that leaves while a hook thinks ends the exchange, and the hook hears of it', async () => {
  let left = false;
  const proxy = await startProxy({
    plugins: chainOf({
      request: (exchange) =>
        new Promise((_, reject) => {
          exchange.signal.addEventListener('abort', () => {
            left = true;
            reject(new Error('aborted'));
          });
        }),
    }),
  });
  const client = await connectRaw(proxy.port);
  client.send(get('/'));
  await poll(() => proxy.service.counters.inFlight === 1);
  client.socket.destroy();
  await poll(() => left);
  expect((await entry(proxy)).error).toBe('client-abort');
});

test('a hook that throws fails its exchange with the status of onError, and is counted', async () => {
  const broken = instanceOf(
    {
      request() {
        throw new Error('broken');
      },
    },
    { kind: 'fail', status: 503 },
  );
  const proxy = await startProxy({ plugins: chainOf(broken) });
  const client = await connectRaw(proxy.port);
  expect((await client.request(get('/'))).status).toBe(503);
  expect((await entry(proxy)).error).toBe('plugin-fault');
  expect([broken.calls.request, broken.faults.length]).toEqual([1, 1]);
});

test('with onError skip the exchange goes on as if a hook that fails were not there', async () => {
  const backend = await startRawBackend();
  const broken = instanceOf({ request: () => Promise.reject(new Error('broken')) }, SKIP);
  const proxy = await startProxy({ backendPort: backend.port, plugins: chainOf(broken) });
  const client = await connectRaw(proxy.port);
  expect((await client.request(get('/'))).body).toBe('hello');
  expect(broken.faults).toHaveLength(1);
});

test('a hook that never settles fails after the idle timeout', async () => {
  const hanging = instanceOf({ request: () => new Promise(() => {}) });
  const proxy = await startProxy({
    listener: { timeouts: { idle: '100ms' } },
    plugins: chainOf(hanging),
  });
  const client = await connectRaw(proxy.port);
  expect((await client.request(get('/'))).status).toBe(500);
  expect((await entry(proxy)).errorDetail).toContain('not settled within 100 ms');
});

test('pipelined requests are answered in their order whichever hook is done first', async () => {
  const backend = await startRawBackend((request) => request.reply(ok(request.target)));
  const proxy = await startProxy({
    backendPort: backend.port,
    plugins: chainOf({
      request: (exchange) =>
        exchange.request.path === '/1' ? new Promise<void>((resolve) => setTimeout(resolve, 30)) : undefined,
    }),
  });
  const client = await connectRaw(proxy.port);
  client.send(get('/1') + get('/2'));
  expect([(await client.answer()).body, (await client.answer()).body]).toEqual(['/1', '/2']);
});
