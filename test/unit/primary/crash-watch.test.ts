import { expect, test } from 'vitest';

import { CrashWatch } from '../../../core/primary/crash-watch.ts';
import type { WorkerExit } from '../../../core/primary/worker-process.ts';

function exit(signal: NodeJS.Signals | null, lastRuleId: string | null = null): WorkerExit {
  return { code: signal === null ? 1 : null, signal, lastRuleId, livedMs: 1 };
}

test.each([
  { name: 'the guard thread named it and killed the process', given: exit('SIGKILL', 'a'), blamed: 'a' },
  { name: 'V8 gave up in a traced worker', given: exit('SIGTRAP', 'a'), blamed: 'a' },
  { name: 'killed from outside', given: exit('SIGKILL'), blamed: null },
  { name: 'V8 gave up in an untraced worker', given: exit('SIGTRAP'), blamed: null },
  { name: 'a traced worker that left by itself', given: exit(null, 'a'), blamed: null },
  { name: 'a traced worker that was asked to end', given: exit('SIGTERM', 'a'), blamed: null },
])('$name: blames $blamed', ({ given, blamed }) => {
  expect(new CrashWatch().blame(given, 0)).toBe(blamed);
});

test('workers are traced for a minute after a crash that nothing explains', () => {
  const watch = new CrashWatch();
  watch.blame(exit('SIGKILL'), 1000);
  expect(watch.tracing(1000)).toBe(false);
  watch.blame(exit('SIGABRT'), 1000);
  expect(watch.tracing(60_999)).toBe(true);
  expect(watch.tracing(61_000)).toBe(false);
});
