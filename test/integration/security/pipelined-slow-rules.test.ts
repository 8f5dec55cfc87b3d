import { expect, test } from 'vitest';
import type { RuleScript } from '../../../core/shared/rule-script.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { startProxy } from '../http1/setup.ts';

/** Answers by itself, after a while in which nothing else happens. */
function busyRule(targets: string[]): RuleScript {
  return {
    id: 'busy',
    file: '/busy.ts',
    handles: { connect: false, request: true, response: false, log: false, pick: false, certificate: false },
    connect: () => ({ kind: 'next' }),
    decide({ target }, taker) {
      setImmediate(() => {
        targets.push(target);
        const until = performance.now() + 10;
        while (performance.now() < until);
        taker.onDecision({ kind: 'respond', status: 200, headers: [], body: 'busy' });
      });
    },
    response: () => null,
    log: () => true,
    pick: () => -1,
    certificate: () => false,
  };
}

test('many requests in one go take their turns with those of other clients', async () => {
  const targets: string[] = [];
  const proxy = await startProxy({ rules: busyRule(targets) });
  const greedy = await connectRaw(proxy.port);
  const modest = await connectRaw(proxy.port);
  greedy.send(get('/greedy').repeat(50));
  modest.send(get('/modest'));
  expect((await modest.answer()).body).toBe('busy');
  for (let i = 0; i < 50; i++) expect((await greedy.answer()).body).toBe('busy');
  expect(targets.indexOf('/modest')).toBeLessThan(10);
});
