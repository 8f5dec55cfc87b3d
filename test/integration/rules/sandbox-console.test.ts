import { expect, test } from 'vitest';
import { loadSandbox, requestOf, UNHURRIED } from './load-sandbox.ts';

test('the console writes to the log', async () => {
  const { script, logs } = await loadSandbox(`export default defineRules({ request(req) {
    console.log('a', 1, { b: [2] }, null, undefined, new Map([['k', 'v']]));
    console.warn('careful'); console.error('bad'); console.debug('detail'); console.info('info');
  } });`);
  script.request(requestOf('/'));
  expect(logs).toEqual([
    'info a 1 {"b":[2]} null undefined [["k","v"]]',
    'warn careful',
    'error bad',
    'debug detail',
    'info info',
  ]);
});

test('a flood is cut, and said so', async () => {
  const { script, logs } = await loadSandbox(
    `export default defineRules({ request(req) { for (let i = 0; i < 250; i++) console.log('line ' + i); } });`,
    { timeLimitMs: 200 },
  );
  script.request(requestOf('/'));
  expect(logs.length).toBeGreaterThanOrEqual(100);
  expect(logs.length).toBeLessThan(200);
  await expect
    .poll(() => {
      script.request(requestOf('/'));
      return logs.find((line) => line.includes('were dropped'));
    })
    .toMatch(/^warn the rule script wrote too much: \d+ console lines were dropped$/);
});

test('what cannot be shown, is endless or throws, harms nobody', async () => {
  const { script, logs } = await loadSandbox(
    `export default defineRules({ request(req) {
      const cycle: unknown[] = []; cycle.push(cycle);
      console.log(cycle); console.log({ toJSON() { throw 1; } }); console.log('y'.repeat(1e6)); console.log(Symbol('s'), 1n);
      console.log('a\\r\\nb');
    } });`,
    { timeLimitMs: 200 },
  );
  script.request(requestOf('/'));
  expect(logs.map((line) => line.length < 2100)).toEqual([true, true, true, true, true]);
  expect(logs[3]).toBe('info Symbol(s) 1');
});

test('errors are counted, but not all are written', async () => {
  const { script, logs, host } = await loadSandbox(
    `export default defineRules({ request() { throw new Error('x'); } });`,
    UNHURRIED,
  );
  for (let call = 0; call < 100; call++) script.request(requestOf('/'));
  expect(logs.length).toBeLessThan(30);
  expect(host.status()[0]).toMatchObject({ calls: 100, errors: 100, faults: 0 });
});
