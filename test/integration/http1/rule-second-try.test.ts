import { expect, test } from 'vitest';
import type { RequestDecision, RuleScript } from '../../../core/shared/rule-script.ts';
import { startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { entry, startProxy } from './setup.ts';

/** Passes its time limit whenever that is forgiven, then decides `second`. */
function overtimeThen(second: RequestDecision): RuleScript {
  return {
    id: 'test',
    file: '/test.ts',
    handles: { request: true, response: false, log: false, pick: false },
    request: (_request, forgiving) =>
      forgiving === true ? { kind: 'fault', reason: 'overtime', mayTryAgain: true } : second,
    response: () => null,
    log: () => true,
    pick: () => -1,
  };
}

test('a rule that was over its time once gets another try, and the client sees nothing of it', async () => {
  const backend = await startRawBackend();
  const proxy = await startProxy({
    backendPort: backend.port,
    rules: overtimeThen({ kind: 'next', edits: [] }),
  });
  const client = await connectRaw(proxy.port);
  expect((await client.request(get('/one'))).status).toBe(200);
  expect((await client.request(get('/two'))).status).toBe(200);
  expect((await entry(proxy, 2)).error).toBe(null);
});

test('a rule that is over its time twice is a fault', async () => {
  const proxy = await startProxy({ rules: overtimeThen({ kind: 'fault', reason: 'overtime again' }) });
  expect((await (await connectRaw(proxy.port)).request(get('/'))).status).toBe(500);
  expect(await entry(proxy)).toMatchObject({ error: 'rule-fault', errorDetail: 'overtime again' });
});
