import { expect, test } from 'vitest';
import { loadSandbox, requestOf } from './load-sandbox.ts';

test('the first time over the limit may be forgiven: it is no fault of the script, and the caller may try again', async () => {
  const { script, faults } = await loadSandbox('export default defineRules({ request() { for (;;); } });');
  const reason = 'the `request` handler passed the time limit of 10ms';
  expect(script.request(requestOf('/'), true)).toEqual({ kind: 'fault', reason, mayTryAgain: true });
  expect(faults).toEqual([]);
  expect(script.request(requestOf('/'))).toEqual({ kind: 'fault', reason });
  expect(faults).toEqual(['time']);
});
