import { expect, test } from 'vitest';
import { decisionOf, loadSandbox, requestOf } from './load-sandbox.ts';

const takeCalls = `let stolen: any;
  Object.defineProperty(globalThis, 'tidegateCalls', { configurable: true, set(value) {
    stolen = value;
    Object.defineProperty(globalThis, 'tidegateCalls', { value, configurable: true, writable: true });
  } });`;

test.each([
  ['decides other requests within its own', takeCalls, "for (;;) stolen.requests('/a\\0/b');"],
  [
    'tells the watchdog of further requests',
    '',
    "const runtime = eval('host'); for (;;) { runtime.beginNext(); runtime.endAll(); }",
  ],
  [
    'looks for the words that it shares with the watchdog',
    'let words: any; (globalThis as any).take = (given: any) => { words = given; };',
    `eval('add = (given) => take(given)');
    eval('host').beginNext();
    if (words !== undefined) words.fill(2 ** 30, 16);
    for (;;);`,
  ],
])('a script that %s runs no longer than its time', async (_what, before, loop) => {
  const { script, faults } = await loadSandbox(
    `${before} export default defineRules({ request(req) {
      if (req.path === '/loop') { ${loop} }
      return forward('site');
    } });`,
  );
  const decisions = await Promise.all(
    ['/a', '/loop', '/b'].map((target) => decisionOf(script, requestOf(target))),
  );
  expect(decisions.map(({ kind }) => kind)).toEqual(['forward', 'fault', 'forward']);
  expect(faults).toContain('time');
  expect(script.counts.calls).toBeLessThan(20);
});

test('a script that loops only when requests come together is found out', async () => {
  const { script, faults } = await loadSandbox(
    `Object.defineProperty(globalThis, 'tidegateCalls', { configurable: true, set(value) {
      value.requests = () => { eval('host').endAll(); for (;;); };
      Object.defineProperty(globalThis, 'tidegateCalls', { value, configurable: true, writable: true });
    } });
    export default defineRules({ request() { return forward('site'); } });`,
  );
  const decisions = await Promise.all(['/a', '/b'].map((target) => decisionOf(script, requestOf(target))));
  expect(decisions.map(({ kind }) => kind)).toEqual(['forward', 'forward']);
  expect(faults).toEqual(['time']);
});
