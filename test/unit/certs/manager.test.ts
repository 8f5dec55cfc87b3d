import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { IssuerError } from '../../../certs/issuer.ts';
import { StorageError } from '../../../certs/storage.ts';
import { CA, configOf, DAY, orderTerms, OTHER_CA, PATIENT, start } from './manager-setup.ts';

test('a name is served by a placeholder until its certificate is there', async () => {
  const one = start();
  one.issuer().hold();
  await one.use(configOf(['a.test', { names: ['b.test', '*.b.test'], order: orderTerms() }]));
  expect(one.served('a.test')).toBe(null);
  const placeholder = await one.manager.placeholder('a.test');
  expect(new X509Certificate(placeholder?.cert ?? '').subjectAltName).toBe('DNS:a.test');
  expect((await one.manager.placeholder(''))?.id).toBe(placeholder?.id);
  expect((await one.manager.placeholder('x.b.test'))?.names).toEqual(['*.b.test']);
  expect(await one.manager.placeholder('c.test')).toBe(null);
  const { changes } = one;
  one.issuer().letGo();
  await one.clock.advance(0);
  await expect.poll(() => one.changes, PATIENT).toBeGreaterThan(changes);
  await expect.poll(() => one.served('a.test'), PATIENT).not.toBe(null);
  await expect.poll(() => one.served('x.b.test'), PATIENT).not.toBe(null);
  expect(new X509Certificate(one.served('a.test') ?? '').subjectAltName).toBe('DNS:a.test');
  expect(new X509Certificate(one.served('x.b.test') ?? '').subjectAltName).toBe('DNS:b.test, DNS:*.b.test');
  expect(one.manager.first()[0]?.names).toEqual(['a.test']);
  expect(one.manager.status()).toMatchObject([
    { kind: 'managed', names: ['a.test'], standing: 'fine', certificate: { issuer: CA }, lastError: null },
    { kind: 'managed', names: ['b.test', '*.b.test'], isOrdering: false },
  ]);
});

test('what the storage has is served at once, and not ordered again', async () => {
  const one = start();
  await one.use(configOf(['a.test']));
  await expect.poll(() => one.served('a.test'), PATIENT).not.toBe(null);
  await one.manager.close();
  const other = start(one);
  await other.manager.prepare(configOf(['a.test']));
  await expect.poll(() => other.served('a.test'), PATIENT).not.toBe(null);
  other.manager.use(configOf(['a.test']));
  await other.clock.jump(DAY);
  expect(one.issuer().requests).toHaveLength(1);
});

test('a certificate for each type of key', async () => {
  const one = start();
  await one.use(
    configOf([{ names: ['a.test'], order: orderTerms({ keyTypes: ['ecdsa-p256', 'rsa-2048'] }) }]),
  );
  await one.clock.advance(0);
  await expect
    .poll(() => one.manager.exact('a.test').map(({ keyType }) => keyType), PATIENT)
    .toEqual(['ec', 'rsa']);
});

test('it is renewed at two thirds of its life, and the old one serves until then', async () => {
  const one = start();
  await one.use(configOf(['a.test']));
  await expect.poll(() => one.served('a.test'), PATIENT).not.toBe(null);
  const first = one.served('a.test');
  // A certificate of 30 days that was dated back by one.
  await one.clock.jump(18.5 * DAY);
  expect(one.issuer().requests).toHaveLength(1);
  one.issuer().hold();
  await one.clock.jump(2 * DAY);
  await expect.poll(() => one.issuer().requests.length, PATIENT).toBe(2);
  expect(one.issuer().requests[1]?.replaces).toBe(first);
  expect(one.served('a.test')).toBe(first);
  one.issuer().letGo();
  await one.clock.advance(0);
  await expect.poll(() => one.served('a.test'), PATIENT).not.toBe(first);
});

test('the CA says when to renew, and the moment outlives a restart', async () => {
  const one = start();
  const start2 = one.clock.now() + 2 * DAY;
  one.issuer().info = {
    start: new Date(start2),
    end: new Date(start2 + 2 * DAY),
    explanationUrl: 'https://ca.test/why',
    retryAfterMs: 6 * 3_600_000,
  };
  await one.use(configOf(['a.test']));
  await one.clock.jump(DAY);
  expect(one.manager.status()[0]?.nextOrderAt).toBe(start2 + DAY);
  expect(one.logged('the CA says when to renew')).toHaveLength(1);
  await one.manager.close();
  const other = start(one);
  one.issuer().info = null;
  await other.manager.prepare(configOf(['a.test']));
  expect(other.manager.status()[0]?.nextOrderAt).toBe(start2 + DAY);
});

test('a CA that wants every certificate to be renewed at once does not make orders without end', async () => {
  const one = start();
  const past = one.clock.now() - DAY;
  one.issuer().info = {
    start: new Date(past - DAY),
    end: new Date(past),
    explanationUrl: null,
    retryAfterMs: 60_000,
  };
  await one.use(configOf(['a.test']));
  await one.clock.advance(10 * 3_600_000);
  expect(one.issuer().requests.length).toBeGreaterThan(5);
  expect(one.issuer().requests.length).toBeLessThan(13);
});

test('failures are told, and tried again later and later', async () => {
  const one = start();
  one.issuer().failure = new IssuerError('challenge', 'the CA found 404');
  await one.use(configOf(['a.test']));
  expect(one.manager.status()[0]).toMatchObject({
    standing: 'missing',
    certificate: null,
    lastError: { message: 'the CA found 404' },
  });
  await one.clock.advance(2 * 3_600_000);
  const { requests } = one.issuer();
  expect(requests.length).toBeGreaterThan(4);
  expect(requests.length).toBeLessThan(9);
  expect(one.logged('no certificate could be obtained')).toHaveLength(requests.length);
  one.issuer().failure = null;
  await one.clock.jump(DAY);
  await expect.poll(() => one.served('a.test'), PATIENT).not.toBe(null);
  expect(one.manager.status()[0]?.lastError).toBe(null);
});

test('the next issuer is asked, and one that wants to be left alone is', async () => {
  const one = start();
  one.issuer(CA).failure = new IssuerError('rate-limited', 'too many', { retryAfterMs: 12 * 3_600_000 });
  one.issuer(OTHER_CA).failure = new IssuerError('unreachable', 'nobody there');
  await one.use(configOf([{ names: ['a.test'], order: orderTerms({}, [CA, OTHER_CA]) }]));
  expect(one.manager.status()[0]?.lastError?.message).toBe(`${CA}: too many; ${OTHER_CA}: nobody there`);
  await one.clock.advance(3_600_000);
  expect(one.issuer(CA).requests).toHaveLength(1);
  expect(one.issuer(OTHER_CA).requests.length).toBeGreaterThan(2);
  one.issuer(OTHER_CA).failure = null;
  await one.clock.jump(12 * 3_600_000);
  await expect.poll(() => one.manager.status()[0]?.certificate?.issuer, PATIENT).toBe(OTHER_CA);
});

test('two processes with one storage order once, and both serve it', async () => {
  const one = start();
  const other = start(one);
  one.issuer().hold();
  await Promise.all([one.use(configOf(['a.test'])), other.use(configOf(['a.test']))]);
  one.issuer().letGo();
  await one.clock.advance(0);
  expect(one.issuer().requests).toHaveLength(1);
  await expect.poll(() => one.served('a.test'), PATIENT).not.toBe(null);
  await expect.poll(() => other.served('a.test'), PATIENT).toBe(one.served('a.test'));
  await one.clock.jump(25 * DAY);
  await expect.poll(() => one.issuer().requests.length, PATIENT).toBe(2);
  await expect.poll(() => other.served('a.test'), PATIENT).toBe(one.served('a.test'));
});

test('a half-written certificate is never served, but set aside and obtained anew', async () => {
  const one = start();
  await one.use(configOf(['a.test']));
  await expect.poll(() => one.served('a.test'), PATIENT).not.toBe(null);
  await one.manager.close();
  const key = 'certificates/a.test/ecdsa-p256.pem';
  const whole = one.storage.entries.get(key) ?? Buffer.alloc(0);
  one.storage.entries.set(key, whole.subarray(0, whole.length - 40));
  const other = start(one);
  await other.manager.prepare(configOf(['a.test']));
  expect(other.served('a.test')).toBe(null);
  expect(other.logged()).toEqual(['a stored certificate cannot be used and was set aside']);
  await other.use(configOf(['a.test']));
  await expect.poll(() => other.served('a.test'), PATIENT).not.toBe(null);
  expect([...one.storage.entries.keys()].some((each) => each.startsWith('corrupt/'))).toBe(true);
});

test('a shutdown in the middle of an order gives its lock back', async () => {
  const one = start();
  one.issuer().hold();
  await one.use(configOf(['a.test']));
  await one.manager.close();
  expect(one.issuer().running).toBe(0);
  const other = start(one);
  one.issuer().letGo();
  await other.use(configOf(['a.test']));
  await expect.poll(() => other.served('a.test'), PATIENT).not.toBe(null);
  expect(one.logged('no certificate could be obtained')).toEqual([]);
});

test('no more than a few orders run at a time', async () => {
  const one = start();
  await one.use(configOf(Array.from({ length: 40 }, (_, at) => `n${at}.test`)));
  await expect.poll(() => one.issuer().requests.length, PATIENT).toBe(40);
  expect(one.issuer().mostRunning).toBe(8);
});

test('a warning when the end comes near, once, and when it is there', async () => {
  const one = start();
  await one.use(configOf(['a.test']));
  one.issuer().failure = new IssuerError('unreachable', 'nobody there');
  await one.clock.jump(22 * DAY);
  expect(one.logged('a certificate expires soon')).toHaveLength(0);
  await one.clock.jump(6 * DAY);
  expect(one.logged('a certificate expires soon')).toHaveLength(1);
  expect(one.manager.status()[0]?.standing).toBe('near');
  await expect.poll(() => one.served('a.test'), PATIENT).not.toBe(null);
  await one.clock.jump(4 * DAY);
  expect(one.logged('a certificate has expired')).toHaveLength(1);
});

test('a storage that can not be written keeps the config from being used', async () => {
  const one = start();
  one.storage.list = async () => [];
  const { manager } = one;
  one.storage.load = async () => {
    throw new StorageError(
      'the storage of certificates cannot be read: permission denied: /certificates',
      null,
    );
  };
  expect(await manager.prepare(configOf(['a.test']))).toEqual([
    'certificates.storage: the storage of certificates cannot be read: permission denied: /certificates',
  ]);
});

test('self-signed names have certificates from a local root at once, and new ones in time', async () => {
  const one = start();
  await one.use(configOf([], { selfSigned: ['dev.test'] }));
  const first = one.served('dev.test');
  expect(new X509Certificate(first ?? '').issuer).toContain('Tidegate local root');
  expect(one.issuer().requests).toHaveLength(0);
  await one.clock.jump(25 * DAY);
  await expect.poll(() => one.served('dev.test'), PATIENT).not.toBe(first);
  expect(one.manager.first()).toHaveLength(1);
  await one.use(configOf([]));
  expect(one.served('dev.test')).toBe(null);
});
