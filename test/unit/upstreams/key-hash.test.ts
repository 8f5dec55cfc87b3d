import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CRC_BEGIN,
  crcEnd,
  crcNumber,
  crcText,
  hash32,
  keyText,
} from '../../../core/upstreams/schedulers/key-hash.ts';
import { chiSquared } from './support.ts';

describe('hash32', () => {
  test.each([
    ['numbered users', (i: number) => `user${i}`],
    ['numbers', (i: number) => String(i)],
    ['addresses', (i: number) => `10.${i % 7}.${(i >> 3) & 0xff}.${i & 0xff}`],
    ['the same long beginning', (i: number) => `${'/static/images/'.repeat(8)}${i}.png`],
  ])('spreads %s evenly over 256 parts of its range and 257 remainders', (_, keyOf) => {
    const parts = new Array<number>(256).fill(0);
    const remainders = new Array<number>(257).fill(0);
    for (const key of new Set(Array.from({ length: 100_000 }, (_each, i) => keyOf(i)))) {
      const hash = hash32(key);
      parts[hash >>> 24] = (parts[hash >>> 24] ?? 0) + 1;
      remainders[hash % 257] = (remainders[hash % 257] ?? 0) + 1;
    }
    // The 0.999 quantile with 255 and 256 degrees of freedom.
    expect(chiSquared(parts, new Array<number>(256).fill(1))).toBeLessThan(331);
    expect(chiSquared(remainders, new Array<number>(257).fill(1))).toBeLessThan(332);
  });

  test('another seed is another function', () => {
    const same = Array.from({ length: 1000 }, (_, i) => `k${i}`).filter(
      (key) => hash32(key, 1) % 100 === hash32(key, 2) % 100,
    );
    expect(same.length).toBeLessThan(30);
  });
});

test('crc is the CRC-32 of zlib, in pieces or whole', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
      const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
      expect(crcEnd(crcText(crcText(CRC_BEGIN, text(a)), text(b)))).toBe(crc32(Buffer.concat([a, b])));
    }),
  );
  expect(crcEnd(crcNumber(CRC_BEGIN, 0x04030201))).toBe(crc32(Buffer.from([1, 2, 3, 4])));
});

test.each([
  ['cart:{user7}', 'user7'],
  ['{a}{b}', 'a'],
  ['{}a', '{}a'],
  ['a{b', 'a{b'],
  ['a}b{', 'a}b{'],
  ['{{a}}', '{a'],
  ['plain', 'plain'],
])('of the key %s, what counts with `subKey` is %s', (key, counts) => {
  expect(keyText(key, true)).toBe(counts);
  expect(keyText(Buffer.from(key), true)).toBe(counts);
  expect(keyText(key, false)).toBe(key);
});
