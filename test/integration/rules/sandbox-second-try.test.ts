import { expect, test } from 'vitest';
import { decisionOf, loadSandbox, requestOf } from './load-sandbox.ts';

const logged = (logs: readonly string[]): string[] =>
  logs.filter((line) => line.includes('passed the time limit'));

test('a request over its time is tried a second time, and only then a fault of the script', async () => {
  const { script, faults, logs } = await loadSandbox(
    'export default defineRules({ request() { for (;;); } });',
  );
  const reason = 'the `request` handler passed the time limit of 10ms';
  expect(await decisionOf(script, requestOf('/'))).toEqual({ kind: 'fault', reason });
  expect(logged(logs)).toEqual([
    `error the rule script's isolate was ended and replaced: ${reason}; the request is tried once more`,
    `error the rule script's isolate was ended and replaced: ${reason}`,
  ]);
  expect(faults).toEqual(['time']);
});

test('while one request waits for its second try, others have none', async () => {
  const { script, faults } = await loadSandbox('export default defineRules({ request() { for (;;); } });');
  const decisions = await Promise.all([1, 2, 3].map((n) => decisionOf(script, requestOf(`/${n}`))));
  expect(decisions.map(({ kind }) => kind)).toEqual(['fault', 'fault', 'fault']);
  expect(faults).toEqual(['time', 'time', 'time']);
});
