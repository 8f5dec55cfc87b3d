import { expect, onTestFinished, test } from 'vitest';
import { decisionOf, loadSandbox, requestOf } from './load-sandbox.ts';

/** Counts the turns of the event loop until the test has finished. */
function countTurns(): () => number {
  let turns = 0;
  let next = setImmediate(function count() {
    turns += 1;
    next = setImmediate(count);
  });
  onTestFinished(() => clearImmediate(next));
  return () => turns;
}

/** Has all decided together and returns the most decisions that came in one turn of the event loop. */
async function mostInOneTurn(
  script: Parameters<typeof decisionOf>[0],
  targets: readonly string[],
): Promise<number> {
  const turn = countTurns();
  const decisions = new Map<number, number>();
  await Promise.all(
    targets.map(async (target) => {
      await decisionOf(script, requestOf(target));
      decisions.set(turn(), (decisions.get(turn()) ?? 0) + 1);
    }),
  );
  return Math.max(...decisions.values());
}

test('slow decisions let the event loop have its turns in between', async () => {
  const { script } = await loadSandbox(
    `export default defineRules({ request() {
      const until = Date.now() + 6;
      while (Date.now() < until);
      return next();
    } });`,
    { timeLimitMs: 100 },
  );
  expect(await mostInOneTurn(script, Array<string>(10).fill('/'))).toBe(1);
});

test('so do the endless ones of a script that spoils the calls for several requests', async () => {
  const { script } = await loadSandbox(
    `String.prototype.split = () => { throw new Error('spoilt'); };
    export default defineRules({ request() { for (;;); } });`,
  );
  expect(await mostInOneTurn(script, Array<string>(6).fill('/'))).toBeLessThanOrEqual(2);
});

test('a request that has a second try gets it however many others take isolates down', async () => {
  const { script } = await loadSandbox(`let seen = false;
    export default defineRules({ request() { for (;;); } });`);
  const decided = new AbortController();
  let others = 0;
  const first = decisionOf(script, requestOf('/first')).then(() => decided.abort());
  const another = async (): Promise<void> => {
    while (!decided.signal.aborted && others < 20) {
      others += 1;
      await decisionOf(script, requestOf('/other'));
    }
  };
  await Promise.all([first, another(), another(), another()]);
  expect(others).toBeLessThan(20);
});
