import { expect, test } from 'vitest';
import { loadSandbox, UNHURRIED } from './load-sandbox.ts';

const CLIENT = '203.0.113.7';

test('the handler says which names may have a certificate, by name and client', async () => {
  const { script } = await loadSandbox(
    `export default defineRules({
      certificate(name, client) {
        if (name === 'nothing.test') return;
        return name.endsWith('.customers.test') && client.in('office');
      },
    });`,
    UNHURRIED,
    { office: ['203.0.113.0/24'] },
  );
  expect(script.handles).toMatchObject({ certificate: true, request: false });
  expect(script.certificate('a.customers.test', CLIENT)).toBe(true);
  expect(script.certificate('a.customers.test', '198.51.100.1')).toBe(false);
  expect(script.certificate('other.test', CLIENT)).toBe(false);
  expect(script.certificate('nothing.test', CLIENT)).toBe(false);
});

test.each([
  ['throw new Error("asked to")', 'Error: asked to'],
  ['return 1', 'the `certificate` handler returned a number: it returns true, false or nothing'],
  ['return Promise.resolve(true)', 'async handlers are not supported'],
])('%s is a no, under any onError, and the log says why', async (body, reason) => {
  for (const onError of ['deny', 'next'] as const) {
    const { script, logs } = await loadSandbox(`export default defineRules({ certificate() { ${body} } });`, {
      ...UNHURRIED,
      onError,
    });
    expect(script.certificate('one.test', CLIENT)).toBe(false);
    expect(logs.join('\n')).toContain(reason);
  }
});

test('one that does not end is ended, and is a no', async () => {
  const { script, faults } = await loadSandbox(
    `export default defineRules({ certificate(name) { if (name === 'loop.test') for (;;); return true; } });`,
  );
  expect(script.certificate('loop.test', CLIENT)).toBe(false);
  expect(faults).toEqual(['time']);
});

test('a script that has taken the place of the runtime says no', async () => {
  const { script } = await loadSandbox(
    `JSON.stringify = () => 'x';
    export default defineRules({ certificate() { return { toString: () => '1' }; } });`,
    UNHURRIED,
  );
  expect(script.certificate('one.test', CLIENT)).toBe(false);
});
