import { expect, test } from 'vitest';
import { newPrivateKey } from '../../../certs/certificate-request.ts';
import { copyOf, notAborted, requestFor, testIssuer } from '../../support/acme-issuer.ts';
import { startPebble } from '../../support/pebble.ts';

test('one account serves all orders, also after a restart', async () => {
  const pebble = await startPebble();
  const { issuer, again } = await testIssuer(pebble);
  await Promise.all(
    ['a', 'b', 'c', 'd'].map((name) => issuer.obtain(requestFor([`${name}.test`]), notAborted)),
  );
  const { url } = await issuer.account.status();
  const restarted = again();
  await restarted.obtain(requestFor(['e.test']), notAborted);
  expect((await restarted.account.status()).url).toBe(url);
  expect(accountsMade(pebble.log())).toBe(1);
});

test('two processes that start at the same time make one account', async () => {
  const pebble = await startPebble();
  const { issuer, again } = await testIssuer(pebble);
  await Promise.all([
    issuer.obtain(requestFor(['one.test']), notAborted),
    again().obtain(requestFor(['two.test']), notAborted),
  ]);
  expect(accountsMade(pebble.log())).toBe(1);
});

test('an account of which only the key was stored is found again', async () => {
  const pebble = await startPebble();
  const { issuer, storage, again } = await testIssuer(pebble);
  await issuer.obtain(requestFor(['one.test']), notAborted);
  const { url } = await issuer.account.status();
  for (const key of await storage.list('accounts')) if (key.endsWith('.json')) await storage.delete(key);
  const restarted = again();
  await restarted.obtain(requestFor(['two.test']), notAborted);
  expect((await restarted.account.status()).url).toBe(url);
});

test('a deactivated account is replaced by a new one, once', async () => {
  const pebble = await startPebble();
  const { issuer, lines, storage, again } = await testIssuer(pebble);
  await issuer.obtain(requestFor(['one.test']), notAborted);
  const { url } = await issuer.account.status();
  await again({}, await copyOf(storage)).account.deactivate();
  await issuer.obtain(requestFor(['two.test']), notAborted);
  const after = await issuer.account.status();
  expect(after.status).toBe('valid');
  expect(after.url).not.toBe(url);
  expect(lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
  expect(accountsMade(pebble.log())).toBe(2);
});

test('an account that the CA has forgotten is made again', async () => {
  const first = await startPebble();
  const { issuer } = await testIssuer(first);
  await issuer.obtain(requestFor(['one.test']), notAborted);
  await first.kill();
  const second = await startPebble({ port: first.port, httpPort: first.httpPort, tlsPort: first.tlsPort });
  await issuer.obtain(requestFor(['two.test']), notAborted);
  expect(await issuer.account.status()).toMatchObject({ status: 'valid' });
  expect(accountsMade(second.log())).toBe(1);
});

test('the key of an account is changed, and the one of before is worth nothing', async () => {
  const pebble = await startPebble();
  const { issuer, storage, again } = await testIssuer(pebble);
  await issuer.obtain(requestFor(['one.test']), notAborted);
  const before = await issuer.account.status();
  const old = await copyOf(storage);
  await issuer.account.rolloverKey();
  await issuer.obtain(requestFor(['two.test']), notAborted);
  await again().obtain(requestFor(['three.test']), notAborted);
  expect((await issuer.account.status()).url).toBe(before.url);
  expect(await again({}, old).account.status()).toMatchObject({ status: 'none' });
  expect(accountsMade(pebble.log())).toBe(1);
});

test('another process that changed the key is followed', async () => {
  const pebble = await startPebble();
  const { issuer, again } = await testIssuer(pebble);
  await issuer.obtain(requestFor(['one.test']), notAborted);
  await again().account.rolloverKey();
  await issuer.obtain(requestFor(['two.test']), notAborted);
  expect(accountsMade(pebble.log())).toBe(1);
});

test('a change of keys that a crash cut off is settled with what the CA knows', async () => {
  const pebble = await startPebble();
  const { issuer, storage, again } = await testIssuer(pebble);
  await issuer.obtain(requestFor(['one.test']), notAborted);
  const { url } = await issuer.account.status();
  // Cut off before the CA knew.
  const keyFile = (await storage.list('accounts')).find((key) => key.endsWith('/key.pem')) ?? '';
  const oldKey = (await storage.load(keyFile)) ?? '';
  const nextFile = keyFile.replace('/key.pem', '/next-key.pem');
  await storage.store(nextFile, await newPrivateKey('ecdsa-p256'));
  await again().obtain(requestFor(['two.test']), notAborted);
  // Cut off after the CA knew.
  await again().account.rolloverKey();
  await storage.store(nextFile, (await storage.load(keyFile)) ?? '');
  await storage.store(keyFile, oldKey);
  const restarted = again();
  await restarted.obtain(requestFor(['three.test']), notAborted);
  expect((await restarted.account.status()).url).toBe(url);
  expect(await storage.list('accounts')).toHaveLength(2);
  expect(accountsMade(pebble.log())).toBe(1);
});

test('a contact that was changed is told to the CA', async () => {
  const pebble = await startPebble();
  const { issuer, again } = await testIssuer(pebble);
  await issuer.obtain(requestFor(['one.test']), notAborted);
  const changed = again({ contact: ['mailto:new@example.test'] });
  await changed.obtain(requestFor(['two.test']), notAborted);
  expect((await issuer.account.status()).contact).toEqual(['mailto:new@example.test']);
  await issuer.account.updateContact();
  expect((await issuer.account.status()).contact).toEqual(['mailto:ops@example.test']);
});

test('an account that its owner ends is gone, and the next order makes another', async () => {
  const pebble = await startPebble();
  const { issuer } = await testIssuer(pebble);
  await issuer.obtain(requestFor(['one.test']), notAborted);
  await issuer.account.deactivate();
  expect(await issuer.account.status()).toEqual({ status: 'none', url: null, contact: [] });
  await issuer.obtain(requestFor(['two.test']), notAborted);
  expect(accountsMade(pebble.log())).toBe(2);
});

/** Pebble logs how many accounts it has. */
function accountsMade(log: string): number {
  return new Set([...log.matchAll(/There are now (\d+) accounts/g)].map(([, count]) => count)).size;
}
