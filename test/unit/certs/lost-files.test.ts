import { afterEach, expect, test } from 'vitest';
import { importCertificate } from '../../../certs/import-command.ts';
import { openLocalRoot } from '../../../certs/self-signed.ts';
import { StorageError } from '../../../certs/storage.ts';
import { MemoryStorage } from '../../support/memory-storage.ts';
import { configOf, PATIENT, TestManager } from './manager-setup.ts';

const MINUTE = 60_000;

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

test('after a storage that failed for long the order goes on within minutes', PATIENT, async () => {
  const one = start();
  const store = one.storage.store.bind(one.storage);
  one.storage.store = async () => {
    throw new StorageError('no space left', null);
  };
  await one.use(configOf(['a.test']));
  for (let failed = 1; failed <= 12; failed += 1) {
    await expect.poll(() => one.manager.status()[0]?.lastError?.message).toBe('no space left');
    await one.clock.jump(15 * MINUTE);
  }
  const asked = one.issuer().requests.length;
  expect(asked).toBeGreaterThanOrEqual(12);
  one.storage.store = store;
  for (let passed = 0; passed < 13; passed += 1) await one.clock.jump(MINUTE);
  await expect.poll(() => one.served('a.test'), PATIENT).not.toBe(null);
  expect(one.lines.filter(({ level }) => level === 'error')).toEqual([]);
});

test.each(['gone', 'spoilt'])(
  'an imported certificate that is %s goes on serving, and is stored again',
  async (how) => {
    const one = start();
    await one.use(configOf([]));
    const { root } = await openLocalRoot(new MemoryStorage(), one.clock.now(), AbortSignal.timeout(10_000));
    const pair = await root.issue(['shop.test'], 'ecdsa-p256', one.clock.now());
    const target = one.manager.commandTarget();
    if (target === null) throw new Error('no certificates');
    await importCertificate(target, pair, { now: one.clock.now, waitMs: 1000 });
    const key = 'certificates/shop.test/ecdsa-p256.pem';
    const before = one.storage.entries.get(key);
    one.storage.entries.clear();
    if (how === 'spoilt') await one.storage.store(key, 'x');
    await one.clock.jump(11 * MINUTE);
    await expect.poll(() => one.storage.entries.get(key), PATIENT).toEqual(before);
    expect(one.served('shop.test')).toBe(pair.cert);
    expect(
      one.logged('an imported certificate was gone from the storage, and was stored again'),
    ).toHaveLength(1);
  },
);
