import { afterEach, expect, test } from 'vitest';
import { openLocalRoot } from '../../../certs/self-signed.ts';
import type { IssuedCertificate } from '../../../certs/issuer.ts';
import { MemoryStorage } from '../../support/memory-storage.ts';
import { weakAuthority } from '../../support/weak-chain.ts';
import { configOf, DAY, orderTerms, OTHER_CA, PATIENT, TestManager } from './manager-setup.ts';

const made: TestManager[] = [];

function start(): TestManager {
  const one = new TestManager();
  made.push(one);
  return one;
}

afterEach(async () => {
  await Promise.all(made.splice(0).map(({ manager }) => manager.close()));
});

async function issueAt(names: readonly string[], now: number): Promise<IssuedCertificate> {
  const { root } = await openLocalRoot(new MemoryStorage(), now, AbortSignal.timeout(10_000));
  return root.issue(names, 'ecdsa-p256', now);
}

test.each([
  ['that has expired', () => issueAt(['a.test'], Date.now() - 4000 * DAY)],
  [
    'with a chain that no handshake has room for',
    async () => {
      const { cert, key } = await issueAt(['a.test'], Date.now() + 20 * DAY);
      return { cert: cert + (cert.split(/(?=-----BEGIN)/).at(-1) ?? '').repeat(200), key };
    },
  ],
  [
    'with a chain that TLS refuses',
    async () => {
      const { cert, key } = await issueAt(['a.test'], Date.now() + 20 * DAY);
      return { cert: cert + (await weakAuthority()), key };
    },
  ],
])('a CA that sends a certificate %s takes none away that works', async (_, issue) => {
  const one = start();
  await one.use(configOf(['a.test']));
  await expect.poll(() => one.served('a.test'), PATIENT).not.toBe(null);
  const served = one.served('a.test');
  one.issuer().issue = issue;
  await one.clock.jump(21 * DAY);
  await expect.poll(() => one.logged('no certificate could be obtained').length, PATIENT).toBe(1);
  expect(one.served('a.test')).toBe(served);
  expect(one.issuer().requests).toHaveLength(2);
});

test('a CA that adds names takes none of them from certificates of their own', async () => {
  const one = start();
  one.issuer().issue = () =>
    issueAt(['a.test', 'b.test', 'x.c.test', 'd.test', 'foreign.test'], one.clock.now());
  const order = orderTerms({}, [OTHER_CA]);
  await one.use(
    configOf(['a.test', ...['b.test', '*.c.test', 'd.test'].map((name) => ({ names: [name], order }))]),
  );
  const names = ['a.test', 'b.test', 'y.c.test', 'd.test'];
  await expect.poll(() => names.filter((name) => one.served(name) === null), PATIENT).toEqual([]);
  expect(one.served('b.test')).not.toBe(one.served('a.test'));
  expect(one.served('d.test')).not.toBe(one.served('a.test'));
  expect(one.served('x.c.test')).toBe(one.served('y.c.test'));
  expect(one.served('foreign.test')).toBe(null);
});
