import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { FieldCopy } from '../../../../plugins/builtin/cache/field-copy.ts';
import { MemoryTier, type MemoryLimits } from '../../../../plugins/builtin/cache/memory-tier.ts';
import type { StoredHead } from '../../../../plugins/builtin/cache/stored-answer.ts';
import { variantOf } from '../../../../plugins/builtin/cache/variants.ts';

const NONE = new FieldCopy([]);
const LIMITS: MemoryLimits = { size: 2 ** 30, entries: 100, largest: 2 ** 20, variants: 3 };

function head(key: string, more: Partial<StoredHead> = {}): StoredHead {
  return {
    key,
    variant: '',
    vary: [],
    id: key,
    status: 200,
    fields: [],
    length: 0,
    tags: [],
    freshness: { bornAt: 0, lifetimeMs: 1000, staleWhileRevalidateMs: 0, staleIfErrorMs: 0 },
    origin: null,
    ...more,
  };
}

test('no more is kept than the limits say', () => {
  const tier = new MemoryTier({ ...LIMITS, size: 200_000 });
  for (let i = 0; i < 500; i++) {
    tier.add(head(`k${i}`), Buffer.alloc(10_000));
    expect(tier.bytes).toBeLessThanOrEqual(200_000);
  }
  expect(tier.size).toBeGreaterThan(15);
  const many = new MemoryTier(LIMITS);
  for (let i = 0; i < 500; i++) many.add(head(`k${i}`), Buffer.alloc(10));
  expect(many.size).toBe(100);
  expect(many.evicted).toBe(400);
  expect(tier.add(head('large'), Buffer.alloc(2 ** 20 + 1))).toBeNull();
});

test('a scan pushes out nothing that is in use', () => {
  const tier = new MemoryTier(LIMITS);
  for (let i = 0; i < 50; i++) tier.add(head(`used${i}`), Buffer.alloc(10));
  for (let i = 0; i < 50; i++) tier.find(`used${i}`, NONE);
  for (let i = 0; i < 10_000; i++) tier.add(head(`scan${i}`), Buffer.alloc(10));
  const left = Array.from({ length: 50 }, (_, i) => tier.find(`used${i}`, NONE)).filter(
    (each) => each !== null,
  );
  expect(left).toHaveLength(50);
});

test('what is in use no longer goes', () => {
  const tier = new MemoryTier(LIMITS);
  for (let i = 0; i < 100; i++) tier.add(head(`old${i}`), Buffer.alloc(10));
  for (let i = 0; i < 100; i++) tier.find(`old${i}`, NONE);
  for (let round = 0; round < 20; round++)
    for (let i = 0; i < 60; i++) {
      const key = `new${i}`;
      if (tier.find(key, NONE) === null) tier.add(head(key), Buffer.alloc(10));
    }
  for (let i = 0; i < 60; i++) expect(tier.find(`new${i}`, NONE), `new${i}`).not.toBeNull();
});

test('of one key so many variants are kept, the youngest', () => {
  const tier = new MemoryTier(LIMITS);
  const fields = (value: number): FieldCopy => new FieldCopy([['x', String(value)]]);
  for (let i = 0; i < 5; i++)
    tier.add(head('k', { vary: ['x'], variant: variantOf(['x'], fields(i)) }), Buffer.from(String(i)));
  expect(tier.size).toBe(3);
  expect([0, 1, 2, 3, 4].map((i) => tier.find('k', fields(i))?.body.toString())).toEqual([
    undefined,
    undefined,
    '2',
    '3',
    '4',
  ]);
});

test('entries are removed by key, prefix and tag', async () => {
  const tier = new MemoryTier(LIMITS);
  for (const key of ['/a\n', '/a\nx', '/b\n', '/bc\n'])
    tier.add(head(key, { tags: [key[1] ?? ''] }), Buffer.alloc(1));
  expect(tier.removeAll({ key: '/a\n' })).toBe(1);
  expect(await tier.removeAll({ prefix: '/b' })).toBe(2);
  expect(await tier.removeAll({ tag: 'a' })).toBe(1);
  expect([tier.size, tier.bytes]).toEqual([0, 0]);
});

test('bodies on their way in take no more than half of the size', () => {
  const tier = new MemoryTier({ ...LIMITS, size: 1000 });
  expect(tier.reserve(500)).toBe(true);
  expect(tier.reserve(1)).toBe(false);
  tier.release(500);
  expect(tier.reserve(1)).toBe(true);
});

test('memory flood by heads: of a message no more is held than is kept of it', () => {
  setFlagsFromString('--expose-gc');
  const heapUsed = (): number => {
    runInNewContext('gc()');
    return process.memoryUsage().heapUsed;
  };
  const tier = new MemoryTier({ ...LIMITS, entries: 10_000 });
  const before = heapUsed();
  for (let i = 0; i < 2000; i++) {
    const text = Buffer.from(`text/plain; charset=utf-8 ${i}${'x'.repeat(30_000)}`).toString('latin1');
    tier.add(head(`k${i}`, { fields: [['Content-Type', text.slice(0, 25)]] }), Buffer.alloc(0));
  }
  expect(heapUsed() - before).toBeLessThan(2 * tier.bytes);
  expect(tier.size).toBe(2000);
});

test('a URL takes all of its keys with it, and no other one', () => {
  const tier = new MemoryTier(LIMITS);
  for (const key of ['u/a\n', 'u/a\n["1"]', 'u/a\n["2"]', 'u/ab\n', 'u/ab\n["1"]'])
    tier.add(head(key), Buffer.alloc(1));
  expect(tier.removeAll({ prefix: 'u/a\n' })).toBe(3);
  expect(tier.removeAll({ prefix: 'u/a\n' })).toBe(0);
  expect(tier.size).toBe(2);
});
