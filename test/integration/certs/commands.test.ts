import { X509Certificate } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { changeAccount, revokeCertificates, showAccounts } from '../../../certs/ca-commands.ts';
import type { CommandTarget } from '../../../certs/command-target.ts';
import { exportCertificates, renewCertificates, showCertificates } from '../../../certs/commands.ts';
import { importCertificate } from '../../../certs/import-command.ts';
import { IssuerError } from '../../../certs/issuer.ts';
import { openLocalRoot } from '../../../certs/self-signed.ts';
import type { CertificatesConfig } from '../../../core/shared/certificates-config.ts';
import { MemoryStorage } from '../../support/memory-storage.ts';
import { CA, configOf, DAY, orderTerms, OTHER_CA, TestManager } from '../../unit/certs/manager-setup.ts';

const made: TestManager[] = [];
const PATIENT = { timeout: 30_000 };

afterEach(async () => {
  for (const each of made.splice(0)) await each.manager.close();
});

async function start(config: CertificatesConfig, beside?: TestManager): Promise<TestManager> {
  const one = new TestManager(beside);
  made.push(one);
  await one.use(config);
  return one;
}

/** With a certificate for `a.test`. */
async function startWithOne(config = configOf(['a.test'])): Promise<TestManager> {
  const one = await start(config);
  await expect.poll(() => one.served('a.test'), PATIENT).not.toBe(null);
  return one;
}

function targetOf({ manager }: TestManager): CommandTarget {
  const target = manager.commandTarget();
  if (target === null) throw new Error('no certificates');
  return target;
}

function partsOf({ clock }: TestManager, waitMs = 10_000) {
  return { now: clock.now, waitMs };
}

async function pairFor(one: TestManager, names: readonly string[], at = one.clock.now()) {
  const { root } = await openLocalRoot(new MemoryStorage(), at, AbortSignal.timeout(10_000));
  return root.issue(names, 'ecdsa-p256', at);
}

function serialOf(pem: string | null): string {
  return new X509Certificate(pem ?? '').serialNumber;
}

test('renew orders anew, waits for it and says what came', async () => {
  const one = await startWithOne();
  const before = serialOf(one.served('a.test'));
  await one.clock.jump(DAY);
  const { changes, problems } = await renewCertificates(targetOf(one), 'A.test', false, partsOf(one));
  const after = serialOf(one.served('a.test'));
  expect(after).not.toBe(before);
  expect(problems).toEqual([]);
  expect(changes[0]).toContain(`a.test (ecdsa-p256): obtained from ${CA}, serial ${after}, valid until `);
});

test('renew does not spend the limits of the CA twice in an hour, unless it is told to', async () => {
  const one = await startWithOne();
  const target = targetOf(one);
  await expect(renewCertificates(target, 'a.test', false, partsOf(one))).rejects.toThrow(
    /was obtained 1m ago; --force orders another one all the same/,
  );
  expect(one.issuer().requests).toHaveLength(1);
  expect((await renewCertificates(target, 'a.test', true, partsOf(one))).problems).toEqual([]);
  expect(one.issuer().requests).toHaveLength(2);
});

test('renew says what went wrong, and that the old one serves on', async () => {
  const one = await startWithOne();
  const before = one.served('a.test');
  one.issuer().failure = new IssuerError('rejected', 'no more of these');
  const { problems } = await renewCertificates(targetOf(one), 'a.test', true, partsOf(one));
  expect(problems).toEqual([
    'a.test (ecdsa-p256): no certificate could be obtained: no more of these (the one before goes on serving; it is tried again)',
  ]);
  expect(one.served('a.test')).toBe(before);
});

test('renew gives up waiting for an order that takes its time', async () => {
  const one = await startWithOne();
  one.issuer().hold();
  const { problems } = await renewCertificates(targetOf(one), 'a.test', true, partsOf(one, 20));
  expect(problems[0]).toMatch(/the order is still under way; `tidegate certs show a\.test` says/);
});

test('an unknown name is refused with the one that is nearest', async () => {
  const one = await startWithOne();
  await expect(renewCertificates(targetOf(one), 'b.test', false, partsOf(one))).rejects.toThrow(
    'there is no certificate for b.test; did you mean `a.test`?',
  );
});

test('what is imported serves at once, after a restart too, and is never ordered', async () => {
  const one = await startWithOne();
  const pair = await pairFor(one, ['shop.test', '*.shop.test']);
  const { changes, warnings } = await importCertificate(targetOf(one), pair, partsOf(one));
  expect(changes[0]).toMatch(
    /^shop\.test, \*\.shop\.test \(ecdsa-p256\): imported, .*; nobody renews it: import/,
  );
  expect(warnings).toEqual(['it comes without the certificates of its chain: clients may refuse it']);
  expect(serialOf(one.served('shop.test'))).toBe(serialOf(pair.cert));
  expect(serialOf(one.served('x.shop.test'))).toBe(serialOf(pair.cert));
  await one.manager.close();
  const again = await start(configOf(['a.test']), one);
  expect(serialOf(again.served('shop.test'))).toBe(serialOf(pair.cert));
  expect(again.manager.status().map(({ kind, nextOrderAt }) => [kind, nextOrderAt !== null])).toEqual([
    ['managed', true],
    ['imported', false],
  ]);
  await again.clock.jump(28 * DAY);
  await expect.poll(() => again.logged('an imported certificate expires soon'), PATIENT).toHaveLength(1);
  expect(again.issuer().requests.flatMap(({ names }) => names)).not.toContain('shop.test');
  await expect(renewCertificates(targetOf(again), 'shop.test', true, partsOf(again))).rejects.toThrow(
    /was imported, and nobody renews it: import its successor/,
  );
});

test('what is imported for a managed name takes the place of the one before, and is renewed', async () => {
  const one = await startWithOne();
  const pair = await pairFor(one, ['www.a.test', 'a.test']);
  const { changes } = await importCertificate(targetOf(one), pair, partsOf(one));
  expect(changes[0]).toContain('it is renewed by an order, since the config names it');
  expect(serialOf(one.served('a.test'))).toBe(serialOf(pair.cert));
  expect(one.manager.status().map(({ kind }) => kind)).toEqual(['managed']);
  await one.clock.jump(25 * DAY);
  await expect.poll(() => serialOf(one.served('a.test')), PATIENT).not.toBe(serialOf(pair.cert));
});

test('what cannot serve is not imported', async () => {
  const one = await startWithOne();
  const target = targetOf(one);
  const [pair, other] = [await pairFor(one, ['shop.test']), await pairFor(one, ['shop.test'])];
  const past = await pairFor(one, ['shop.test'], one.clock.now() - 60 * DAY);
  const mixed = { cert: pair.cert, key: other.key };
  const parts = partsOf(one);
  await expect(importCertificate(target, mixed, parts)).rejects.toThrow('is not that of its certificate');
  await expect(importCertificate(target, past, parts)).rejects.toThrow(/it ended on .*; get a new one/);
  await expect(importCertificate(target, { cert: 'x', key: 'y' }, parts)).rejects.toThrow(
    'expected one private key, found 0',
  );
  const address = await pairFor(one, ['127.0.0.1']);
  await expect(importCertificate(target, address, parts)).rejects.toThrow('it has no DNS name');
  expect([...one.storage.entries.keys()].filter((key) => key.includes('shop'))).toEqual([]);
});

test('show says everything, and no key', async () => {
  const one = await startWithOne(configOf(['a.test'], { selfSigned: ['dev.test'] }));
  const target = targetOf(one);
  const [shown] = showCertificates(target, 'a.test', one.clock.now());
  const leaf = new X509Certificate(one.served('a.test') ?? '');
  expect(shown).toMatchObject({
    kind: 'managed',
    file: 'certificates/a.test/ecdsa-p256.pem',
    certificate: { issuer: CA, serial: leaf.serialNumber },
    details: { fingerprint256: leaf.fingerprint256, subjectAltNames: ['DNS:a.test'], responder: null },
  });
  expect(shown?.details?.chain).toHaveLength(1);
  expect(showCertificates(target, 'dev.test', one.clock.now())).toMatchObject([
    { kind: 'self-signed', file: null },
  ]);
  expect(JSON.stringify(shown)).not.toContain('PRIVATE KEY');
});

test('export gives the key to those who ask for it, and to nobody else', async () => {
  const one = await startWithOne();
  const target = targetOf(one);
  expect(exportCertificates(target, 'a.test', false)[0]?.key).toBe(null);
  const [both] = exportCertificates(target, 'a.test', true);
  expect(both?.cert).toBe(one.served('a.test'));
  expect(both?.key).toContain('PRIVATE KEY');
});

test('revoke asks the CA, and a new certificate takes the place of the old one', async () => {
  const one = await startWithOne();
  const before = one.served('a.test') ?? '';
  const { changes, problems } = await revokeCertificates(targetOf(one), 'a.test', 'superseded', partsOf(one));
  expect(problems).toEqual([]);
  expect(changes[0]).toBe(`a.test (ecdsa-p256): revoked, serial ${serialOf(before)}`);
  expect(changes[1]).toContain('a.test (ecdsa-p256): obtained from');
  expect(one.issuer().revocations).toEqual([{ cert: before, key: null, reason: 4 }]);
  expect(one.served('a.test')).not.toBe(before);
});

test('a known key is shown to the CA by itself', async () => {
  const one = await startWithOne();
  const [pair] = exportCertificates(targetOf(one), 'a.test', true);
  await revokeCertificates(targetOf(one), 'a.test', 'keyCompromise', partsOf(one));
  expect(one.issuer().revocations).toEqual([{ cert: pair?.cert, key: pair?.key, reason: 1 }]);
});

test('what was revoked is replaced after a restart as well, when there was no new one at once', async () => {
  const one = await startWithOne();
  const before = one.served('a.test');
  one.issuer().failure = new IssuerError('unreachable', 'not now');
  const { changes, problems } = await revokeCertificates(
    targetOf(one),
    'a.test',
    'unspecified',
    partsOf(one),
  );
  expect([changes.length, problems.length]).toEqual([1, 1]);
  expect(one.served('a.test')).toBe(before);
  await one.manager.close();
  one.issuer().failure = null;
  const again = await start(configOf(['a.test']), one);
  // The order that failed is not repeated any sooner because of the restart.
  await again.clock.advance(3 * 60_000);
  await expect.poll(() => again.served('a.test'), PATIENT).not.toBe(before);
});

test('revoke knows whom to ask, or says that it does not', async () => {
  const one = await startWithOne();
  const pair = await pairFor(one, ['shop.test']);
  await importCertificate(targetOf(one), pair, partsOf(one));
  await expect(revokeCertificates(targetOf(one), 'shop.test', 'unspecified', partsOf(one))).rejects.toThrow(
    'the certificate for shop.test was imported: have it revoked by who issued it',
  );
  const other = await start(configOf([], { selfSigned: ['dev.test'] }));
  await expect(
    revokeCertificates(targetOf(other), 'dev.test', 'unspecified', partsOf(other)),
  ).rejects.toThrow('is self-signed: no CA can revoke it');
  await one.use(configOf([{ names: ['a.test'], order: orderTerms({}, [OTHER_CA]) }]));
  await expect(revokeCertificates(targetOf(one), 'a.test', 'unspecified', partsOf(one))).rejects.toThrow(
    `the certificate for a.test is from ${CA}, which the config does not name`,
  );
});

test('accounts: one for each CA, and which one is meant has to be said', async () => {
  const one = await startWithOne(
    configOf([{ names: ['a.test'], order: orderTerms({}, [CA, OTHER_CA]) }, 'b.test']),
  );
  const target = targetOf(one);
  expect((await showAccounts(target, null)).map(({ directory }) => directory)).toEqual([CA, OTHER_CA]);
  await expect(changeAccount(target, 'rollover', null)).rejects.toThrow(
    `several CAs: say which one with --ca, one of ${CA}, ${OTHER_CA}`,
  );
  await expect(changeAccount(target, 'rollover', 'https://else.test/')).rejects.toThrow(
    'does not name the CA',
  );
  expect((await changeAccount(target, 'rollover', OTHER_CA)).changes).toEqual([
    `account at ${OTHER_CA}: it has a new key`,
  ]);
});
