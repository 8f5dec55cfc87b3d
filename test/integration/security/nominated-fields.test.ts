import { expect, test } from 'vitest';
import type { RequestDecision } from '../../../core/shared/rule-script.ts';
import { chainOf } from '../../support/plugin-chain.ts';
import { startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { ruleScript } from '../../support/rule-script.ts';
import { startProxy } from '../http1/setup.ts';

const ATTACK = get('/', 'Connection: keep-alive, X-User', 'X-User: forged');

test('hop-by-hop abuse: a client can not have a field taken out that a plugin sets', async () => {
  const backend = await startRawBackend();
  const proxy = await startProxy({
    backendPort: backend.port,
    plugins: chainOf(
      {
        request: (exchange) => {
          expect(exchange.request.headers.get('x-user')).toBeNull();
          exchange.request.headers.append('X-User', 'guest');
        },
      },
      { upstream: (exchange) => exchange.request.headers.append('X-User', 'late') },
    ),
  });
  await (await connectRaw(proxy.port)).request(ATTACK);
  expect((await backend.request(0)).header('x-user')).toBe('guest, late');
});

test('hop-by-hop abuse: nor one that a rule sets', async () => {
  const backend = await startRawBackend();
  const edits = [{ op: 'set', name: 'X-User', value: 'guest' }] as const;
  const decision: RequestDecision = { kind: 'next', edits };
  const rules = ruleScript({});
  const proxy = await startProxy({
    backendPort: backend.port,
    rules: {
      ...rules,
      handles: { ...rules.handles, request: true },
      decide: (_, taker) => taker.onDecision(decision),
    },
  });
  await (await connectRaw(proxy.port)).request(ATTACK);
  expect((await backend.request(0)).header('x-user')).toBe('guest');
});

test('a nominated field is not passed on', async () => {
  const backend = await startRawBackend();
  const proxy = await startProxy({ backendPort: backend.port });
  await (await connectRaw(proxy.port)).request(ATTACK);
  expect((await backend.request(0)).header('x-user')).toBeNull();
});
