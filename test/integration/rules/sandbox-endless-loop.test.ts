import { expect, test } from 'vitest';
import { loadSandbox, requestOf } from './load-sandbox.ts';

/** The limit, and generous room for a busy machine; without the watchdog none of these ends at all. */
const soonMs = 400;

test.each([
  ['an empty loop', 'for (;;);'],
  ['a loop with work', 'let sum = 0; for (let i = 0; ; i++) sum += i * 3;'],
  ['a catastrophic regular expression', `/^(a+)+$/.test('a'.repeat(40) + 'b');`],
  [
    'microtasks that go on for ever',
    'const again = (): Promise<unknown> => Promise.resolve().then(again); void again();',
  ],
  ['a thrown error whose message never ends', `throw { toString() { for (;;); } };`],
])('%s costs its own request only', async (_name, loop) => {
  const { script, faults } = await loadSandbox(
    `export default defineRules({ request(req) { if (req.path === '/loop') { ${loop} } return forward('site'); } });`,
  );
  // Warm, so that the loop runs in optimized code.
  for (let call = 0; call < 5000; call++) script.request(requestOf('/'));
  const before = faults.length;
  const startedAt = performance.now();
  expect(script.request(requestOf('/loop'))).toEqual({
    kind: 'fault',
    reason: 'the `request` handler passed the time limit of 10ms',
  });
  expect(script.request(requestOf('/'))).toMatchObject({ kind: 'forward', upstream: 'site' });
  expect(performance.now() - startedAt).toBeLessThan(soonMs);
  expect(faults.slice(before)).toEqual(['time']);
});

test.each([0, 10, 20, 50, 100, 100, 300, 8000])(
  'a loop ends whatever V8 is about to optimize (after %i calls)',
  async (calls) => {
    const { script } = await loadSandbox(`
      let sum = 0;
      function work(rounds: number): number { let result = 0; for (let i = 0; i < rounds; i++) result += i * 3; return result; }
      export default defineRules({ request(req) { sum += work(req.path === '/loop' ? Infinity : 50); } });`);
    for (let call = 0; call < calls; call++) script.request(requestOf('/'));
    const startedAt = performance.now();
    expect(script.request(requestOf('/loop'))).toMatchObject({ kind: 'fault' });
    expect(performance.now() - startedAt).toBeLessThan(soonMs);
  },
);

test('loops one after the other, faster than a spare isolate is ready', async () => {
  const { script, faults } = await loadSandbox(
    `export default defineRules({ request(req) { if (req.path === '/loop') for (;;); return forward('site'); } });`,
  );
  for (let round = 0; round < 4; round++) {
    expect(script.request(requestOf('/loop'))).toMatchObject({ kind: 'fault' });
    expect(script.request(requestOf('/'))).toMatchObject({ kind: 'forward' });
  }
  expect(faults).toEqual(['time', 'time', 'time', 'time']);
});

test('one script loops, another keeps its state', async () => {
  const { host, script } = await loadSandbox(
    `let count = 0; export default defineRules({ request(req) { if (req.path === '/loop') for (;;); return respond(String(++count)); } });`,
  );
  const { bundle } = await loadSandbox(`export default defineRules({ request() { for (;;); } });`);
  const other = await host.load(bundle, {});
  if (!other.ok) throw new Error('the other script did not load');
  expect(script.request(requestOf('/'))).toMatchObject({ body: '1' });
  expect(other.script.request(requestOf('/'))).toMatchObject({ kind: 'fault' });
  expect(script.request(requestOf('/'))).toMatchObject({ body: '2' });
});

test('a top level that never ends is refused, off the main thread', async () => {
  const turns = setInterval(() => (count += 1), 10);
  let count = 0;
  try {
    await expect(loadSandbox('for (;;); export default defineRules({});')).rejects.toThrow(
      'loading the script took longer than 1000 ms',
    );
  } finally {
    clearInterval(turns);
  }
  expect(count).toBeGreaterThan(20);
});

test('under onError next, the request goes on', async () => {
  const { script } = await loadSandbox('export default defineRules({ request() { for (;;); } });', {
    onError: 'next',
  });
  expect(script.request(requestOf('/'))).toEqual({ kind: 'next', edits: [] });
});
