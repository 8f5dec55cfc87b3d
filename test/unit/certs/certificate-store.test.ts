import { beforeEach, describe, expect, test } from 'vitest';
import { CertificateStore, type CertificateNotes } from '../../../certs/certificate-store.ts';
import { authority, certificate } from '../../support/certificates.ts';
import { MemoryStorage } from '../../support/memory-storage.ts';

const one = certificate('one');
const renewed = certificate('one-renewed');
const rsa = certificate('one-rsa');
const chained = { cert: one.cert + authority, key: one.key };
const place = { name: 'one.test', keyType: 'ecdsa-p256' } as const;
const file = 'certificates/one.test/ecdsa-p256.pem';
const notes: CertificateNotes = {
  issuer: 'https://ca.test/dir',
  obtainedAt: new Date('2026-03-01T10:00:00Z'),
  orderUrl: 'https://ca.test/order/1',
  window: {
    start: new Date('2026-04-01T00:00:00Z'),
    end: new Date('2026-04-02T00:00:00Z'),
    explanationUrl: null,
    renewAt: new Date('2026-04-01T12:00:00Z'),
    lookAt: new Date('2026-03-01T16:00:00Z'),
  },
};

let storage: MemoryStorage;
let store: CertificateStore;
beforeEach(() => {
  storage = new MemoryStorage();
  store = new CertificateStore(storage);
});

const text = (key: string) => storage.entries.get(key)?.toString() ?? '';

test('gives back what was saved', async () => {
  const saved = await store.save(place, chained, notes);
  expect(await store.loadEntry(place)).toEqual({ ok: true, entry: saved });
  expect(saved.notes).toEqual(notes);
  expect(saved.certificate).toMatchObject({
    names: ['one.test', 'www.one.test'],
    keyType: 'ecdsa-p256',
    issuer: 'https://ca.test/dir',
    obtainedAt: notes.obtainedAt,
    serial: expect.stringMatching(/^[0-9A-F]+$/),
  });
  expect(saved.certificate.cert).toBe(chained.cert);
  expect(saved.certificate.key.trim()).toBe(one.key.trim());
});

test('an entry that was never there is none, and no problem', async () => {
  expect(await store.loadEntry(place)).toEqual({ ok: true, entry: null });
});

test('keeps a certificate for each type of key, and lists them', async () => {
  await store.save(place, one, notes);
  await store.save({ name: 'one.test', keyType: 'rsa-2048' }, rsa, notes);
  await storage.store('certificates/readme.txt', '');
  await storage.store('certificates/one.test/dsa.pem', '');
  expect(await store.list()).toEqual([
    { name: 'one.test', keyType: 'ecdsa-p256' },
    { name: 'one.test', keyType: 'rsa-2048' },
  ]);
});

test('the loss of the notes costs nothing but what they say', async () => {
  const { certificate: before } = await store.save(place, one, notes);
  await storage.delete('certificates/one.test/ecdsa-p256.json');
  expect(await store.loadEntry(place)).toMatchObject({
    ok: true,
    entry: {
      certificate: { serial: before.serial, issuer: 'unknown', obtainedAt: before.notBefore },
      notes: { orderUrl: null, window: null },
    },
  });
});

test.each([
  { are: 'half-written', json: '{"serial":"0' },
  { are: 'of another shape', json: '{"serial":7}' },
  { are: 'empty', json: '' },
])('notes that are $are count as lost', async ({ json }) => {
  await store.save(place, one, notes);
  await storage.store('certificates/one.test/ecdsa-p256.json', json);
  expect(await store.loadEntry(place)).toMatchObject({ ok: true, entry: { notes: { window: null } } });
});

test('notes of the certificate before are not taken for those of the new one after a crash between the two', async () => {
  await store.save(place, one, notes);
  const before = text('certificates/one.test/ecdsa-p256.json');
  await store.save(place, renewed, notes);
  await storage.store('certificates/one.test/ecdsa-p256.json', before);
  expect(await store.loadEntry(place)).toMatchObject({
    ok: true,
    entry: { certificate: { issuer: 'unknown' }, notes: { orderUrl: null, window: null } },
  });
});

describe('never serves', () => {
  test('a file that was cut off, wherever', async () => {
    await store.save(place, chained, notes);
    const whole = text(file).trimEnd();
    const served: number[] = [];
    for (let length = 0; length < whole.length; length += 1) {
      await storage.store(file, whole.slice(0, length));
      if ((await store.loadEntry(place)).ok) served.push(length);
    }
    expect(served).toEqual([]);
  });

  test.each([
    { what: 'noise', pem: 'x'.repeat(1000), problem: 'expected one private key' },
    { what: 'zeros', pem: '\0'.repeat(4096), problem: 'expected one private key' },
    {
      what: 'a key of another certificate',
      pem: renewed.cert + rsa.key,
      problem: 'not that of its certificate',
    },
    { what: 'no key', pem: one.cert, problem: 'expected one private key, found 0' },
    { what: 'two keys', pem: one.cert + one.key + rsa.key, problem: 'expected one private key, found 2' },
    { what: 'no certificate', pem: one.key, problem: 'expected a certificate, found none' },
    { what: 'another type of key', pem: rsa.cert + rsa.key, problem: 'is rsa-2048, not ecdsa-p256' },
    {
      what: 'a certificate for other names',
      pem: certificate('two').cert + certificate('two').key,
      problem: 'for other names: ',
    },
  ])('$what', async ({ pem, problem }) => {
    await storage.store(file, pem);
    const result = await store.loadEntry(place);
    expect(result).toEqual({
      ok: false,
      problem: expect.stringContaining(problem),
      movedTo: expect.stringMatching(/^corrupt\/[\dTZ-]+\/certificates\/one\.test\/ecdsa-p256\.pem$/),
    });
    if (!result.ok) expect(text(result.movedTo)).toBe(pem);
    expect(JSON.stringify(result)).not.toContain('MI');
    expect(await store.loadEntry(place)).toEqual({ ok: true, entry: null });
    expect(await store.list()).toEqual([]);
  });
});

test('keeps the last of what it set aside, and no more', async () => {
  for (let at = 0; at < 60; at += 1) {
    await storage.store(`corrupt/2026-01-01T00-00-${String(at).padStart(2, '0')}Z/old`, '');
  }
  await storage.store(file, 'noise');
  const result = await store.loadEntry(place);
  const left = await storage.list('corrupt');
  expect(left).toHaveLength(50);
  expect(result.ok ? null : left.includes(result.movedTo)).toBe(true);
});

test.each([
  { what: 'a key of another certificate', pair: { cert: one.cert, key: rsa.key } },
  { what: 'half a chain', pair: { cert: chained.cert.slice(0, -40), key: one.key } },
  { what: 'other names', pair: certificate('two') },
  { what: 'another type of key', pair: rsa },
])('refuses to put $what in the place of a good one', async ({ pair }) => {
  const before = await store.save(place, one, notes);
  await expect(store.save(place, pair, notes)).rejects.toThrow(RangeError);
  expect(await store.loadEntry(place)).toEqual({ ok: true, entry: before });
});

test('deletes certificate and notes', async () => {
  await store.save(place, one, notes);
  await store.delete(place);
  expect(await storage.list('')).toEqual([]);
});

test('an attack by a name that leads elsewhere finds and writes nothing', async () => {
  for (const name of ['..', '../..', '/etc', 'a/b/../..'])
    await expect(store.loadEntry({ name, keyType: 'ecdsa-p256' })).rejects.toThrow(RangeError);
});
