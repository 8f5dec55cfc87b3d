import { expect, test } from 'vitest';
import type { PluginExchange } from '../../../plugins/contract/exchange.ts';
import { chainOf, instanceOf } from '../../support/plugin-chain.ts';
import { startNamedBackend } from '../../support/named-backends.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { entry, site, startProxy } from '../http1/setup.ts';
import { loadSandbox, UNHURRIED } from '../rules/load-sandbox.ts';

const script = `export default defineRules({
  request(req) { return forward('site', { path: '/' + req.variables.get('tenant') }); },
  response(res, req) { res.headers.set('x-backend', String(req.variables.get('backend'))); },
});`;

test('a rule script places by what a plugin says, and its response handler sees what came later', async () => {
  const { script: rules } = await loadSandbox(script, UNHURRIED);
  const backend = await startNamedBackend();
  const proxy = await startProxy({
    rules,
    upstreams: site([Number(backend.address.split(':')[1])]),
    plugins: chainOf({
      request: (exchange) => exchange.setVariable('tenant', exchange.request.headers.get('x-tenant') ?? 0),
      upstream: (exchange) => exchange.setVariable('backend', exchange.backend ?? ''),
    }),
  });
  const client = await connectRaw(proxy.port);
  const answer = await client.request(get('/', 'X-Tenant: blue'));
  expect(answer.head).toContain(`x-backend: ${backend.address}`);
  expect(answer.status).toBe(200);
  expect(await entry(proxy)).toMatchObject({ decision: 'forward site' });
});

test('a plugin that sets too much fails its exchange', async () => {
  const instance = instanceOf({
    request(exchange: PluginExchange) {
      for (let i = 0; i < 65; i++) exchange.setVariable(`v${i}`, i);
    },
  });
  const proxy = await startProxy({ plugins: chainOf(instance) });
  const client = await connectRaw(proxy.port);
  expect((await client.request(get('/'))).status).toBe(500);
  expect(instance.faults).toMatchObject([{ hook: 'request', error: { name: 'RangeError' } }]);
});
