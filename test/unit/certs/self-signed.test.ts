import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:tls';
import { expect, test } from 'vitest';
import { makePlaceholder, openLocalRoot } from '../../../certs/self-signed.ts';
import { certificate } from '../../support/certificates.ts';
import { listenForTest } from '../../support/listen.ts';
import { MemoryStorage } from '../../support/memory-storage.ts';

const day = 24 * 60 * 60 * 1000;
const never = new AbortController().signal;

async function newRoot(storage = new MemoryStorage()) {
  return (await openLocalRoot(storage, Date.now(), never)).root;
}

/** A handshake as a client does it that trusts `ca` alone. */
async function handshake(
  pair: { readonly cert: string; readonly key: string },
  ca: string,
  servername: string,
): Promise<string> {
  const server = createServer(pair);
  server.on('tlsClientError', () => {});
  const port = await listenForTest(server);
  const client = connect({ port, host: '127.0.0.1', ca, servername });
  try {
    await once(client, 'secureConnect');
    return 'trusted';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  } finally {
    client.destroy();
  }
}

test.each(['ecdsa-p256', 'ecdsa-p384', 'rsa-2048'] as const)(
  'a client that trusts the local root trusts what it issued, with a key of type %s',
  async (keyType) => {
    const root = await newRoot();
    const pair = await root.issue(['a.test', '*.b.test'], keyType, Date.now());
    expect(await handshake(pair, root.cert, 'a.test')).toBe('trusted');
    expect(await handshake(pair, root.cert, 'www.b.test')).toBe('trusted');
    expect(await handshake(pair, root.cert, 'other.test')).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
    const details = new X509Certificate(pair.cert).publicKey.asymmetricKeyDetails;
    expect(details?.namedCurve ?? `rsa-${details?.modulusLength}`).toBe(
      {
        'ecdsa-p256': 'prime256v1',
        'ecdsa-p384': 'secp384r1',
        'rsa-2048': 'rsa-2048',
      }[keyType],
    );
  },
);

test('takes addresses, many names and the longest name', async () => {
  const root = await newRoot();
  const longest = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`;
  const names = [longest, '127.0.0.1', '::1', ...Array.from({ length: 100 }, (_, at) => `n${at}.test`)];
  const pair = await root.issue(names, 'ecdsa-p256', Date.now());
  const leaf = new X509Certificate(pair.cert);
  expect(leaf.checkIP('127.0.0.1')).toBe('127.0.0.1');
  expect(leaf.checkIP('::1')).toBe('::1');
  expect(await handshake(pair, root.cert, longest)).toBe('trusted');
  expect(await handshake(pair, root.cert, 'n99.test')).toBe('trusted');
});

test('what it issues is no authority itself, is good for a month, and has a serial number of its own', async () => {
  const root = await newRoot();
  const now = Date.now();
  const leaves = await Promise.all(
    [1, 2].map(async () => new X509Certificate((await root.issue(['a.test'], 'ecdsa-p256', now)).cert)),
  );
  for (const leaf of leaves) {
    expect(leaf.ca).toBe(false);
    expect(leaf.checkIssued(new X509Certificate(root.cert))).toBe(true);
    expect(Math.abs(leaf.validToDate.getTime() - now - 30 * day)).toBeLessThan(2000);
    expect(leaf.validFromDate.getTime()).toBeLessThan(now);
  }
  expect(new Set(leaves.map(({ serialNumber }) => serialNumber)).size).toBe(2);
});

test('the root is made once, however many ask for it at the same time, and kept', async () => {
  const storage = new MemoryStorage();
  const opened = await Promise.all(
    Array.from({ length: 5 }, () => openLocalRoot(storage, Date.now(), never)),
  );
  expect(new Set(opened.map(({ root }) => root.cert)).size).toBe(1);
  expect(opened.filter(({ created }) => created)).toHaveLength(1);
  const again = await openLocalRoot(storage, Date.now(), never);
  expect(again).toMatchObject({ created: false, problem: null });
  expect(again.root.cert).toBe(opened[0]?.root.cert);
  const pair = await again.root.issue(['a.test'], 'ecdsa-p256', Date.now());
  expect(await handshake(pair, again.root.cert, 'a.test')).toBe('trusted');
});

test.each([
  {
    was: 'cut off',
    entry: 'local/root.pem',
    with: (text: string) => text.slice(0, 300),
    problem: 'incomplete',
  },
  {
    was: 'no authority',
    entry: 'local/root.pem',
    with: () => certificate('one').cert + certificate('one').key,
    problem: 'no certificate of an authority',
  },
])('a root that is $was is set aside, and a new one made', async ({ entry, with: spoil, problem }) => {
  const storage = new MemoryStorage();
  const before = await newRoot(storage);
  await storage.store(entry, spoil(String(await storage.load(entry))));
  const opened = await openLocalRoot(storage, Date.now(), never);
  expect(opened).toMatchObject({ created: true, problem: expect.stringContaining(problem) });
  expect(opened.root.cert).not.toBe(before.cert);
  expect(await storage.list('corrupt')).toHaveLength(1);
});

test('a root that would end before what it issues is replaced', async () => {
  const storage = new MemoryStorage();
  await newRoot(storage);
  const nearItsEnd = Date.now() + (3650 - 29) * day;
  expect(await openLocalRoot(storage, nearItsEnd, never)).toMatchObject({
    created: true,
    problem: expect.stringContaining('it ends on '),
  });
});

test('a placeholder answers a handshake, and is trusted by nobody', async () => {
  const root = await newRoot();
  const pair = await makePlaceholder(['a.test'], 'ecdsa-p256', Date.now());
  const leaf = new X509Certificate(pair.cert);
  expect(leaf.checkHost('a.test')).toBe('a.test');
  expect(leaf.ca).toBe(false);
  expect(await handshake(pair, root.cert, 'a.test')).toMatch(/UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER/);
});
