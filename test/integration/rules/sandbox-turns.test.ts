import { expect, test } from 'vitest';
import { decisionOf, loadSandbox, requestOf } from './load-sandbox.ts';

const paths = (count: number): string[] => Array.from({ length: count }, (_, index) => `/${index}`);

async function decideTogether(
  script: Parameters<typeof decisionOf>[0],
  targets: readonly string[],
): Promise<unknown[]> {
  return Promise.all(targets.map((target) => decisionOf(script, requestOf(target))));
}

test('requests of one turn get each its own decision', async () => {
  const { script } = await loadSandbox(
    `export default defineRules({ request(req) {
    if (req.path === '/3') throw new Error('no three');
    if (req.path === '/4') return respond('two\\nlines', { status: 201, headers: { 'x-a': '\\u00e9' } });
    if (req.path.length > 2) return deny();
    return forward('site', { path: '/to' + req.path });
  } });`,
    // A busy machine is no overtime.
    { timeLimitMs: 5000 },
  );
  const decisions = await decideTogether(script, paths(200));
  expect(decisions[3]).toMatchObject({ kind: 'fault', reason: expect.stringContaining('no three') });
  expect(decisions[4]).toMatchObject({ kind: 'respond', status: 201, body: 'two\nlines' });
  expect(decisions[9]).toMatchObject({ kind: 'forward', target: '/to/9' });
  expect(decisions.filter((decision) => Object(decision).kind === 'deny')).toHaveLength(190);
  expect(script.counts).toMatchObject({ calls: 200, errors: 1, faults: 0 });
});

test('an endless loop in one request of a turn leaves the others their decisions', async () => {
  const { script, faults } = await loadSandbox(`export default defineRules({ request(req) {
    if (req.path === '/7') for (;;);
    return forward('site');
  } });`);
  const decisions = await decideTogether(script, paths(20));
  expect(decisions.map((decision) => Object(decision).kind)).toEqual(
    paths(20).map((path) => (path === '/7' ? 'fault' : 'forward')),
  );
  expect(faults).toEqual(['time']);
});

test('a script that spends memory in one request of a turn leaves the others their decisions', async () => {
  const { script, faults } = await loadSandbox(
    `export default defineRules({ request(req) {
      if (req.path === '/7') { const kept = []; for (let i = 0; i < 1e6; i++) kept.push(new Array(1000).fill(i)); }
      return forward('site');
    } });`,
    { timeLimitMs: 5000 },
  );
  const decisions = await decideTogether(script, paths(20));
  expect(decisions.map((decision) => Object(decision).kind)).toEqual(
    paths(20).map((path) => (path === '/7' ? 'fault' : 'forward')),
  );
  expect(faults).toEqual(['memory']);
});

test('requests of slow rules do not wait for all others of their turn', async () => {
  const { script } = await loadSandbox(
    `export default defineRules({ request(req) {
      const until = Date.now() + 4;
      while (Date.now() < until);
      return next();
    } });`,
    { timeLimitMs: 5000 },
  );
  const callsByThen: number[] = [];
  for (const target of paths(10))
    script.decide(requestOf(target), { onDecision: () => void callsByThen.push(script.counts.calls) });
  await decisionOf(script, requestOf('/last'));
  expect(callsByThen).toEqual(paths(10).map((_path, index) => index + 1));
});

test.each([
  ['String.prototype.split', 'String.prototype.split = () => [];'],
  [
    'all of String.prototype',
    "for (const name of ['split', 'slice', 'indexOf']) String.prototype[name] = () => '';",
  ],
  ['Date.now', 'Date.now = () => { throw 1; };'],
  ['the array iterator', 'Array.prototype[Symbol.iterator] = function* () {};'],
])('a script that breaks %s harms itself alone', async (_what, sabotage) => {
  const { script } = await loadSandbox(
    `declare const globalThis: any; (() => { const g: any = globalThis; const { String, Array, Date } = g; ${sabotage} })();
    export default defineRules({ request() { return forward('site'); } });`,
  );
  const decisions = await decideTogether(script, paths(5));
  expect(decisions.every((one) => ['forward', 'fault'].includes(Object(one).kind))).toBe(true);
  expect(decisions).toHaveLength(5);
});

test('requests that meet a script without an isolate wait for the next one', async () => {
  const { script, faults } = await loadSandbox(`export default defineRules({ request(req) {
    if (req.path === '/loop') for (;;);
    return forward('site');
  } });`);
  const decisions = await decideTogether(script, ['/loop', '/loop', '/loop', '/a', '/b']);
  expect(decisions.map((decision) => Object(decision).kind)).toEqual([
    'fault',
    'fault',
    'fault',
    'forward',
    'forward',
  ]);
  expect(faults).toEqual(['time', 'time', 'time']);
});
