import { expect, test } from 'vitest';
import { decisionOf, loadSandbox, requestOf } from './load-sandbox.ts';

test('a result that is too long costs its own request of a turn, now and later', async () => {
  const { script } = await loadSandbox(`const recurring = redirect('/elsewhere');
    export default defineRules({ request(req) {
      return req.path === '/long' ? respond('x'.repeat(2 ** 21)) : recurring;
    } });`);
  for (let turn = 0; turn < 2; turn++) {
    const decisions = await Promise.all(
      ['/0', '/1', '/2', '/long', '/3'].map((target) => decisionOf(script, requestOf(target))),
    );
    expect(decisions.map(({ kind }) => kind)).toEqual([
      'redirect',
      'redirect',
      'redirect',
      'fault',
      'redirect',
    ]);
  }
  expect(script.counts).toMatchObject({ calls: 10, errors: 2 });
});

test('results of any characters and of the greatest length arrive whole, one behind the other', async () => {
  const bodies = [
    '',
    '\n',
    '\0',
    '\ud800',
    '\u{1f600}é',
    '=3,1\n',
    'y'.repeat(2 ** 16 - 1000),
    'z'.repeat(2 ** 20),
  ];
  const { script } = await loadSandbox(
    `const bodies = ${JSON.stringify(bodies.slice(0, 6))};
    export default defineRules({ request(req) {
      const index = Number(req.query.get('n'));
      return respond(index < 6 ? bodies[index] : index === 6 ? 'y'.repeat(2 ** 16 - 1000) : 'z'.repeat(2 ** 20), { headers: index === 7 ? { 'x-long': 'h'.repeat(1000) } : {} });
    } });`,
    { timeLimitMs: 1000 },
  );
  for (let turn = 0; turn < 3; turn++) {
    const decisions = await Promise.all(bodies.map((_body, n) => decisionOf(script, requestOf(`/?n=${n}`))));
    expect(decisions.map((decision) => (decision.kind === 'respond' ? decision.body : decision))).toEqual(
      bodies,
    );
  }
  expect(script.counts).toEqual({ calls: 3 * bodies.length, errors: 0, faults: 0 });
});

test('an isolate that is replaced between two calls takes no decision back', async () => {
  const { script, faults } = await loadSandbox(
    `const recurring = redirect('/elsewhere');
    const kept: unknown[] = [];
    export default defineRules({ request(req) {
      if (req.path === '/keep') kept.push(new Uint8Array(2 ** 20));
      return recurring;
    } });`,
    { timeLimitMs: 1000, memoryLimitBytes: 8 * 2 ** 20 },
  );
  const kinds = new Set<string>();
  for (let turn = 0; turn < 20 && !faults.includes('memory'); turn++) {
    const targets = ['/keep', ...Array.from({ length: 63 }, (_, n) => `/${n}`)];
    const decisions = await Promise.all(targets.map((target) => decisionOf(script, requestOf(target))));
    for (const decision of decisions) {
      // The limit may be passed within a call as well, which costs one request.
      const isSpent = decision.kind === 'fault' && decision.reason.includes('memory limit');
      if (!isSpent) kinds.add(decision.kind);
    }
  }
  expect(faults).toContain('memory');
  expect([...kinds]).toEqual(['redirect']);
});
