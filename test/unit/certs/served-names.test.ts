import { expect, test } from 'vitest';
import type { CertificatePair } from '../../../certs/certificate-pair.ts';
import { ServedNames, type NameHolder } from '../../../certs/served-names.ts';

function pair(id: string, ...names: string[]): CertificatePair {
  return { id, names, cert: '', key: '', keyType: 'ec', notAfter: new Date(0) };
}

class Holder implements NameHolder {
  readonly names: readonly string[];
  pair: CertificatePair | null = null;

  constructor(...names: string[]) {
    this.names = names;
  }

  /** As one that is renewed. */
  take(served: ServedNames, after: CertificatePair): void {
    const before = this.pair;
    this.pair = after;
    served.replace(before, after);
  }
}

function ids(served: ServedNames, name: string): string {
  return served
    .find(name)
    .map(({ id }) => id)
    .join(' ');
}

test('a name is served by its holders with what they have at the moment, and by nobody else', () => {
  const served = new ServedNames();
  const [ec, rsa] = [new Holder('a.test', '*.a.test'), new Holder('a.test', '*.a.test')];
  served.hold([ec, rsa], []);
  expect([served.isHeld('a.test'), served.isHeld('b.test')]).toEqual([true, false]);
  expect(ids(served, 'a.test')).toBe('');
  rsa.take(served, pair('rsa', 'a.test', '*.a.test'));
  ec.take(served, pair('ec', 'a.test', 'b.test'));
  expect(ids(served, 'a.test')).toBe('ec rsa');
  expect(ids(served, '*.a.test')).toBe('rsa');
  expect(ids(served, 'b.test')).toBe('');
  rsa.take(served, pair('new', 'a.test', '*.a.test'));
  expect(ids(served, 'a.test')).toBe('ec new');
});

test('what nobody holds serves all of its names, behind those that hold them', () => {
  const served = new ServedNames();
  const holder = new Holder('a.test');
  served.hold([holder], []);
  served.serve([pair('imported', 'a.test', 'b.test')]);
  expect([ids(served, 'a.test'), ids(served, 'b.test')]).toEqual(['imported', 'imported']);
  holder.take(served, pair('ec', 'a.test'));
  expect(ids(served, 'a.test')).toBe('ec imported');
  served.serve([]);
  expect([ids(served, 'a.test'), ids(served, 'b.test')]).toEqual(['ec', '']);
});

test('a holder that has nothing yet is stood in for by what another one has beyond its own names', () => {
  const served = new ServedNames();
  const [one, other] = [new Holder('a.test'), new Holder('b.test')];
  served.hold([one, other], []);
  one.take(served, pair('both', 'a.test', 'b.test', 'c.test'));
  expect([ids(served, 'b.test'), ids(served, 'c.test')]).toEqual(['both', '']);
  one.take(served, pair('renewed', 'a.test', 'b.test'));
  expect(ids(served, 'b.test')).toBe('renewed');
  other.take(served, pair('own', 'b.test'));
  expect(ids(served, 'b.test')).toBe('own');
  one.take(served, pair('alone', 'a.test'));
  expect(ids(served, 'b.test')).toBe('own');
});

test('what is retired serves the names that are still held until somebody has something for them', () => {
  const served = new ServedNames();
  const [one, other] = [new Holder('a.test'), new Holder('b.test')];
  served.hold([one, other], [pair('ec', 'a.test', 'b.test', 'gone.test'), pair('rsa', 'a.test')]);
  expect(['a.test', 'b.test', 'gone.test'].map((name) => ids(served, name))).toEqual(['ec rsa', 'ec', '']);
  one.take(served, pair('own', 'a.test'));
  expect(['a.test', 'b.test'].map((name) => ids(served, name))).toEqual(['own', 'ec']);
  // Over the next config as well.
  served.hold([other], []);
  expect(['a.test', 'b.test'].map((name) => ids(served, name))).toEqual(['', 'ec']);
  served.hold([one], []);
  expect(ids(served, 'b.test')).toBe('');
});
