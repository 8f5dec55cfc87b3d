import { expect, test } from 'vitest';
import type { PluginHooks } from '../../../plugins/contract/hooks.ts';
import type { RequestDecision, RuleRequest, RuleScript } from '../../../core/shared/rule-script.ts';
import { chainOf } from '../../support/plugin-chain.ts';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import type { DataPath } from '../../support/data-path.ts';
import { ruleScript } from '../../support/rule-script.ts';
import { entry, startProxy } from '../http1/setup.ts';

/** A rule script that decides at once. */
function deciding(decide: (request: RuleRequest) => RequestDecision): RuleScript {
  const script = ruleScript({});
  return {
    ...script,
    handles: { ...script.handles, request: true },
    decide: (request, taker) => taker.onDecision(decide(request)),
  };
}

const noting = (seen: string[], name: string): PluginHooks => ({
  request: async (exchange) => void seen.push(`> ${name} ${exchange.upstream}`),
  response: () => void seen.push(`< ${name}`),
});

test('the way in: listener, route, upstream; the way out is the opposite', async () => {
  const seen: string[] = [];
  const backend = await startRawBackend();
  const proxy = await startProxy({
    listener: { routes: [{ path: '/api/*', upstream: 'site' }] },
    backendPort: backend.port,
    plugins: chainOf(noting(seen, 'listener 1'), noting(seen, 'listener 2')),
    routePlugins: new Map([[0, chainOf(noting(seen, 'route'))]]),
    upstreamPlugins: new Map([['site', chainOf(noting(seen, 'upstream'))]]),
  });
  const client = await connectRaw(proxy.port);
  await client.request(get('/api/x'));
  expect(seen).toEqual([
    '> listener 1 null',
    '> listener 2 null',
    '> route site',
    '> upstream site',
    '< upstream',
    '< route',
    '< listener 2',
    '< listener 1',
  ]);
});

async function startTwo(hooks: readonly PluginHooks[], more: object = {}): Promise<DataPath> {
  const [one, two] = await Promise.all([
    startRawBackend((request) => request.reply(ok('one'))),
    startRawBackend((request) => request.reply(ok('two'))),
  ]);
  return startProxy({
    listener: { upstream: 'one' },
    upstreams: {
      one: { backends: [{ address: `127.0.0.1:${one.port}` }] },
      two: { backends: [{ address: `127.0.0.1:${two.port}` }] },
    },
    plugins: chainOf(...hooks),
    ...more,
  });
}

test('a plugin places a request, an unknown upstream is its fault', async () => {
  const proxy = await startTwo([
    { request: (exchange) => exchange.place(exchange.request.path === '/' ? 'two' : 'nowhere') },
  ]);
  const client = await connectRaw(proxy.port);
  expect((await client.request(get('/'))).body).toBe('two');
  expect((await client.request(get('/x'))).status).toBe(500);
  expect((await entry(proxy, 2)).errorDetail).toContain('there is no upstream "nowhere"');
});

test('a rule that forwards has the last word over a plugin that places', async () => {
  const proxy = await startTwo([{ request: (exchange) => exchange.place('two') }], {
    rules: deciding(() => ({ kind: 'forward', upstream: 'one', target: null, host: null, edits: [] })),
  });
  const client = await connectRaw(proxy.port);
  expect((await client.request(get('/'))).body).toBe('one');
});

test('the rule sees target, host and fields as plugins have left them', async () => {
  const proxy = await startTwo(
    [
      {
        async request(exchange) {
          exchange.request.target = '/new?a=1';
          exchange.request.host = 'new.test';
          exchange.request.headers.set('X-New', 'yes');
        },
      },
    ],
    {
      rules: deciding(({ target, path, host, head }) => ({
        kind: 'respond',
        status: 200,
        headers: [],
        body: [target, path, host, head].join(' '),
      })),
    },
  );
  const client = await connectRaw(proxy.port);
  expect((await client.request(get('/old'))).body).toBe(
    '/new?a=1 /new new.test Host: new.test\r\nX-New: yes',
  );
});

test('the upstream that stands in has its plugins, too', async () => {
  const seen: string[] = [];
  const two = await startRawBackend();
  const proxy = await startProxy({
    listener: { upstream: 'one' },
    upstreams: {
      one: { backends: [{ address: '127.0.0.1:1' }], fallback: 'two' },
      two: { backends: [{ address: `127.0.0.1:${two.port}` }] },
    },
    upstreamPlugins: new Map([
      ['one', chainOf(noting(seen, 'one'))],
      ['two', chainOf(noting(seen, 'two'))],
    ]),
  });
  const client = await connectRaw(proxy.port);
  expect((await client.request(get('/'))).status).toBe(200);
  expect(seen).toEqual(['> one one', '> two two', '< two', '< one']);
});
