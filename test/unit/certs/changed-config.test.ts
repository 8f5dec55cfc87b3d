import { expect, test } from 'vitest';
import { IssuerError } from '../../../certs/issuer.ts';
import type { KeyType } from '../../../core/shared/certificates-config.ts';
import { configOf, orderTerms, PATIENT, start } from './manager-setup.ts';

test('other terms are tried at once', async () => {
  const one = start();
  one.issuer().failure = new IssuerError('account', 'no');
  await one.use(configOf(['a.test']));
  one.issuer().failure = null;
  await one.use(configOf([{ names: ['a.test'], order: orderTerms({ challenges: ['tls-alpn-01'] }) }]));
  expect(one.issuer().requests.map(({ challenges }) => challenges)).toEqual([['http-01'], ['tls-alpn-01']]);
  await expect.poll(() => one.served('a.test'), PATIENT).not.toBe(null);
});

test('a reload in the middle of an order: those that stay go on, those that go are ended', async () => {
  const one = start();
  one.issuer().hold();
  await one.use(configOf(['a.test', 'b.test']));
  await expect.poll(() => one.issuer().running, PATIENT).toBe(2);
  await one.use(configOf(['b.test', 'c.test']));
  expect(one.issuer().requests.map(({ names }) => names[0])).toEqual(['a.test', 'b.test', 'c.test']);
  await expect.poll(() => one.issuer().running, PATIENT).toBe(2);
  one.issuer().letGo();
  await one.clock.advance(0);
  await expect.poll(() => one.served('b.test'), PATIENT).not.toBe(null);
  expect(one.served('a.test')).toBe(null);
});

test('a certificate for fewer names than the config has serves them, and is replaced', async () => {
  const one = start();
  await one.use(configOf(['a.test']));
  await expect.poll(() => one.served('a.test'), PATIENT).not.toBe(null);
  const before = one.served('a.test');
  one.issuer().hold();
  await one.use(configOf([{ names: ['a.test', 'b.test'], order: orderTerms() }]));
  expect(one.served('a.test')).toBe(before);
  expect((await one.manager.placeholder('b.test'))?.names).toEqual(['b.test']);
  // There was an order a moment ago, but for something else.
  one.issuer().letGo();
  await one.clock.advance(0);
  await expect.poll(() => one.served('b.test'), PATIENT).not.toBe(null);
});

test('a name that comes while an order runs is ordered right behind it, whether that succeeds or not', async () => {
  for (const failure of [null, new IssuerError('rejected', 'no')]) {
    const one = start();
    one.issuer().hold();
    await one.use(configOf(['a.test']));
    one.issuer().failure = failure;
    await one.use(configOf([{ names: ['a.test', 'b.test'], order: orderTerms() }]));
    one.issuer().letGo();
    await one.clock.advance(0);
    await expect.poll(() => one.issuer().requests.map(({ names }) => names.length), PATIENT).toEqual([1, 2]);
  }
});

test('with other types of keys, or another first name, the old certificate serves until the new one is there', async () => {
  const one = start();
  const row = (names: readonly string[], keyType: KeyType) =>
    configOf([{ names, order: orderTerms({ keyTypes: [keyType] }) }]);
  await one.use(row(['a.test', 'b.test'], 'ecdsa-p256'));
  await expect.poll(() => one.served('a.test'), PATIENT).not.toBe(null);
  const before = one.served('a.test');
  one.issuer().hold();
  await one.use(row(['a.test', 'b.test'], 'ecdsa-p384'));
  await one.use(row(['b.test', 'c.test'], 'ecdsa-p384'));
  expect([one.served('b.test'), one.served('c.test'), one.served('a.test')]).toEqual([before, null, null]);
  one.issuer().letGo();
  await expect.poll(() => one.served('c.test'), PATIENT).not.toBe(null);
  await expect.poll(() => one.served('b.test'), PATIENT).toBe(one.served('c.test'));
});
