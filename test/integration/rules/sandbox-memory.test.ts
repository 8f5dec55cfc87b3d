import { expect, test } from 'vitest';
import { loadSandbox, requestOf } from './load-sandbox.ts';

const text = `const kept: unknown[] = []; let calls = 0; export default defineRules({
  request(req) {
    calls++;
    if (req.path === '/grow') kept.push(new Array(5000).fill(calls));
    if (req.path === '/buffer') kept.push(new Uint8Array(100_000));
    if (req.path === '/garbage') new Array(20_000).fill(calls);
    if (req.path === '/garbage-buffer') new Uint8Array(400_000);
    return respond(String(calls));
  },
});`;

test.each(['/grow', '/buffer'])(
  'an isolate that grows from call to call is ended, and only that one (%s)',
  async (target) => {
    const { script, host, faults } = await loadSandbox(text, { timeLimitMs: 1000 });
    const { bundle } = await loadSandbox(text, { timeLimitMs: 1001 });
    const other = await host.load(bundle, {});
    if (!other.ok) throw new Error('the other script did not load');
    other.script.request(requestOf('/'));
    for (let call = 0; call < 5000 && faults.length === 0; call++) script.request(requestOf(target));
    expect(faults).toEqual(['memory']);
    // A new isolate, which counts anew.
    expect(Number(Object(script.request(requestOf('/'))).body)).toBeLessThan(100);
    expect(other.script.request(requestOf('/'))).toMatchObject({ body: '2' });
  },
);

test.each(['/garbage', '/garbage-buffer'])('garbage is no growth (%s)', async (target) => {
  const { script, faults } = await loadSandbox(text, { timeLimitMs: 1000, memoryLimitBytes: 8 * 2 ** 20 });
  // So much of the limit that what is garbage between two collections would go over it.
  for (let call = 0; call < 100; call++) script.request(requestOf('/grow'));
  for (let call = 0; call < 3000; call++) script.request(requestOf(target));
  expect(faults).toEqual([]);
  expect(script.request(requestOf('/'))).toMatchObject({ body: '3101' });
});
