import { BlockList } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AddressSetBuilder } from '../../../core/shared/address-set.ts';
import { inTurns } from '../../../core/shared/in-turns.ts';

/** Near each other, so that ranges touch, overlap and share their first bits. */
const hex = fc.integer({ min: 0, max: 300 }).map((n) => n.toString(16));
const v6 = fc.oneof(
  fc.tuple(hex, hex).map(([a, b]) => `2001:db8:${a}::${b}`),
  fc.tuple(hex, hex).map(([a, b]) => `2001:db8:0:0:${a}:${b}::`),
  fc.tuple(hex, hex).map(([a, b]) => `2001:db8::${a}:0:${b}`),
);

describe('AddressSet', () => {
  test('many ranges of IPv6 agree with net.BlockList', () => {
    const blocks = fc.array(fc.tuple(v6, fc.constantFrom(128, 127, 120, 64, 56)), {
      minLength: 60,
      maxLength: 250,
    });
    fc.assert(
      fc.property(blocks, fc.array(v6, { maxLength: 40 }), (ranges, others) => {
        const reference = new BlockList();
        const builder = new AddressSetBuilder();
        for (const [address, length] of ranges) {
          reference.addSubnet(address, length, 'ipv6');
          builder.add(`${address}/${length}`);
        }
        const set = builder.build();
        for (const address of [...others, ...ranges.map(([own]) => own)])
          expect([address, set.has(address)]).toEqual([address, reference.check(address, 'ipv6')]);
      }),
      { numRuns: 200 },
    );
  });

  test('built in turns it is the same', async () => {
    const builder = new AddressSetBuilder();
    for (let i = 20_000; i > 0; i--) builder.add(`10.${i >> 8}.${i & 255}.0/25`);
    builder.add('10.0.1.0/24');
    const set = await inTurns(builder.steps());
    expect(set.size).toBe(20_000);
    expect(set.has('10.0.1.200')).toBe(true);
    expect(set.has('10.0.2.200')).toBe(false);
    expect(set.has('10.78.32.1')).toBe(true);
  });
});
