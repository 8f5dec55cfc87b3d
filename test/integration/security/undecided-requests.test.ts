import { expect, test } from 'vitest';
import type { DecisionTaker, RequestDecision, RuleScript } from '../../../core/shared/rule-script.ts';
import { poll } from '../../support/poll.ts';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get, post } from '../../support/raw-client.ts';
import { entry, startProxy } from '../http1/setup.ts';

const NEXT: RequestDecision = { kind: 'next', edits: [] };

/** Decides when the test says so. */
function heldRule(): { readonly rules: RuleScript; readonly waiting: DecisionTaker[] } {
  const waiting: DecisionTaker[] = [];
  const rules: RuleScript = {
    id: 'held',
    file: '/held.ts',
    handles: { connect: false, request: true, response: false, log: false, pick: false, certificate: false },
    connect: () => ({ kind: 'next' }),
    decide: (_request, taker) => void waiting.push(taker),
    response: () => null,
    log: () => true,
    pick: () => -1,
    certificate: () => false,
  };
  return { rules, waiting };
}

test.each<[string, RequestDecision]>([
  ['to forward', NEXT],
  ['to answer', { kind: 'respond', status: 200, headers: [], body: 'late' }],
  ['that failed', { kind: 'fault', reason: 'broken' }],
])('the decision %s of a request whose client is gone starts nothing', async (_what, decision) => {
  const backend = await startRawBackend();
  const { rules, waiting } = heldRule();
  const proxy = await startProxy({ backendPort: backend.port, rules });
  const client = await connectRaw(proxy.port);
  client.send(get('/gone'));
  const taker = await poll(() => waiting[0]);
  client.socket.resetAndDestroy();
  expect(await entry(proxy)).toMatchObject({ target: '/gone', error: 'client-abort', status: null });
  taker.onDecision(decision);
  expect(proxy.service.counters.inFlight).toBe(0);
  const other = await connectRaw(proxy.port);
  other.send(get('/other'));
  (await poll(() => waiting[1])).onDecision(NEXT);
  expect((await other.answer()).status).toBe(200);
  expect(proxy.entries.map(({ target, attempts }) => [target, attempts])).toEqual([
    ['/gone', 0],
    ['/other', 1],
  ]);
  expect(backend.requests.map(({ target }) => target)).toEqual(['/other']);
});

test('a body that comes before the decision is forwarded whole, and what is pipelined behind it waits', async () => {
  const backend = await startRawBackend(async (request) => {
    request.reply(ok(await request.body()));
  });
  const { rules, waiting } = heldRule();
  const proxy = await startProxy({ backendPort: backend.port, rules });
  const client = await connectRaw(proxy.port);
  const body = 'b'.repeat(300_000);
  client.send(post('/body', body));
  client.send(get('/behind'));
  const taker = await poll(() => waiting[0]);
  expect(waiting).toHaveLength(1);
  taker.onDecision(NEXT);
  expect((await client.answer()).body).toBe(body);
  (await poll(() => waiting[1])).onDecision({ kind: 'respond', status: 200, headers: [], body: 'second' });
  expect((await client.answer()).body).toBe('second');
});
