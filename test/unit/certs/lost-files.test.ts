import { afterEach, expect, test } from 'vitest';
import { configOf, PATIENT, TestManager } from './manager-setup.ts';

const made: TestManager[] = [];

function start(beside?: TestManager): TestManager {
  const one = new TestManager(beside);
  made.push(one);
  return one;
}

afterEach(async () => {
  await Promise.all(made.splice(0).map(({ manager }) => manager.close()));
});

test.each([
  ['is emptied', async (one: TestManager) => one.storage.entries.clear()],
  ['has a spoilt entry', (one: TestManager) => one.storage.store('certificates/a.test/ecdsa-p256.pem', 'x')],
])('a storage that %s while it runs takes no certificate from those who are served', async (_, spoil) => {
  const one = start();
  await one.use(configOf(['a.test']));
  await expect.poll(() => one.served('a.test'), PATIENT).not.toBe(null);
  const served = one.served('a.test');
  await spoil(one);
  one.issuer().hold();
  await one.clock.advance(15 * 60_000);
  expect(one.served('a.test')).toBe(served);
  expect(one.issuer().requests).toHaveLength(1);
  const other = start(one);
  await other.manager.prepare(configOf(['a.test']));
  expect(other.served('a.test')).toBe(served);
});

test('a start with many certificates takes them in together, not one by one', async () => {
  const one = start();
  const names = Array.from({ length: 30 }, (_, at) => `n${at}.test`);
  await one.use(configOf(names));
  await expect.poll(() => names.filter((name) => one.served(name) === null), PATIENT).toEqual([]);
  await one.manager.close();
  const other = start(one);
  await other.manager.prepare(configOf(names));
  expect(names.filter((name) => other.served(name) === null)).toEqual([]);
  expect(other.changes).toBe(1);
});
