import { expect, test } from 'vitest';
import { loadSandbox, requestOf } from './load-sandbox.ts';

/** Puts `evil` into the place of the runtime's own functions, as any script can. */
function takeover(evil: string): string {
  return `
    const evil = (): unknown => { ${evil} };
    Object.defineProperty(globalThis, 'tidegateCalls', {
      configurable: true,
      set(calls) {
        const value = { ...calls, request: evil, response: evil };
        Object.defineProperty(globalThis, 'tidegateCalls', { value, writable: true, configurable: true });
      },
    });
    export default defineRules({ request() {}, response() {} });`;
}

// To read any of these costs the main thread, which no watchdog guards then, from 100 ms to minutes.
test.each([
  [
    'many changes of headers',
    `return '["next",0,[' + '"append","a","b",'.repeat(300_000) + '"delete","a",""]]';`,
  ],
  [
    'more than a thousand in little text',
    `return '["next",0,[' + '"append","a","b",'.repeat(1500) + '"delete","a",""]]';`,
  ],
  ['deep nesting', `return '['.repeat(6_000_000);`],
  ['a string of 256 MiB', `return 'x'.repeat(2 ** 28);`],
  ['an error of 256 MiB', `throw new Error('x'.repeat(2 ** 28));`],
])('%s are a fault that costs nobody else any time', async (_name, evil) => {
  const { script } = await loadSandbox(takeover(evil));
  const heldBefore = process.memoryUsage().rss;
  const begun = process.cpuUsage();
  for (let call = 0; call < 3; call++) {
    expect(script.request(requestOf('/'))).toMatchObject({ kind: 'fault' });
    expect(script.response(200, 'a: b', requestOf('/'))).toBe('fault');
  }
  expect(process.cpuUsage(begun).user / 1000).toBeLessThan(400);
  expect(process.memoryUsage().rss - heldBefore).toBeLessThan(200 * 2 ** 20);
});

test('a large body with line feeds arrives as it is', async () => {
  const { script } = await loadSandbox(
    `export default defineRules({ request: () => respond('\\n\\u0001"'.repeat(2 ** 18) + '\\n') });`,
    { timeLimitMs: 1000 },
  );
  expect(script.request(requestOf('/'))).toMatchObject({
    kind: 'respond',
    headers: [['content-type', 'text/plain;charset=UTF-8']],
    body: `${'\n\u0001"'.repeat(2 ** 18)}\n`,
  });
});
