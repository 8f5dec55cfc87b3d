import { monitorEventLoopDelay } from 'node:perf_hooks';
import { expect, onTestFinished, test } from 'vitest';
import { poll } from '../../support/poll.ts';
import { decisionOf, loadSandbox, requestOf } from '../../integration/rules/load-sandbox.ts';

const LOOPS = 2;

test('a script that loads well at first and endlessly later holds up nobody, and serves again when it loads', async () => {
  const bad = { from: Date.now() + 2000, until: Date.now() + 4500 };
  const { script, logs } = await loadSandbox(
    `if (Date.now() > ${bad.from} && Date.now() < ${bad.until}) for (;;);
    export default defineRules({ request(req) { if (req.path === '/loop') for (;;); return next(); } });`,
  );
  await poll(() => Date.now() > bad.from);
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  onTestFinished(() => void delay.disable());
  const targets = [...Array<string>(LOOPS).fill('/loop'), ...Array<string>(10).fill('/')];
  const decisions = await Promise.all(targets.map((target) => decisionOf(script, requestOf(target))));
  // Those that came to the second isolate are decided; the others need not wait for what may never load.
  expect(decisions).toHaveLength(targets.length);
  expect(decisions.slice(0, LOOPS).map(({ kind }) => kind)).toEqual(['fault', 'fault']);
  expect(logs.join('\n')).toContain('the rule script did not load again');
  expect(await decisionOf(script, requestOf('/'))).toEqual({
    kind: 'fault',
    reason: 'the script is not loaded',
  });
  await poll(async () => (await decisionOf(script, requestOf('/'))).kind === 'next');
  expect(delay.max / 1e6).toBeLessThan(700);
});
