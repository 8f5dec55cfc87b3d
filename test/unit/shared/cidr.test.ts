import { BlockList, isIP } from 'node:net';
import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { compileCidrs } from '../../../core/shared/cidr.ts';

const octet = fc.integer({ min: 0, max: 255 });
const v4 = fc.tuple(fc.constantFrom(10, 192, 255, 0), octet, octet, octet).map((octets) => octets.join('.'));
// Without IPv4-mapped ones, which are IPv4 to us.
const v6 = fc
  .oneof(
    fc.ipV6(),
    fc
      .array(fc.constantFrom('0', '1', 'ffff', 'db8', 'A0'), { minLength: 8, maxLength: 8 })
      .map((groups) => groups.join(':')),
    v4.map((address) => `2001:db8::${address}`),
  )
  .filter((address) => !/^[0:]*:ffff:[^:]*(:[^:]*)?$/i.test(address));

describe('compileCidrs', () => {
  test.each([
    ['10.0.0.0/8', '10.255.1.2', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['10.1.2.3/8', '10.9.9.9', true],
    ['192.0.2.1', '192.0.2.1', true],
    ['192.0.2.1', '192.0.2.2', false],
    ['0.0.0.0/0', '255.255.255.255', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['::/0', '2001:db8::1', true],
    ['2001:db8::/32', '2001:DB8:ffff::', true],
    ['2001:db8::/32', '2001:db9::', false],
    ['fe80::/10', 'fe80::1%eth0', true],
    ['::1', '0:0:0:0:0:0:0:1', true],
  ])('%s and %s: %s', (block, address, expected) => {
    expect(compileCidrs([block])(address)).toBe(expected);
  });

  test.each([
    ['192.0.2.0/24', '::ffff:192.0.2.7', true],
    ['192.0.2.0/24', '::ffff:c000:207', true],
    ['::ffff:192.0.2.0/120', '192.0.2.7', true],
    ['::/0', '::ffff:192.0.2.7', false],
  ])('IPv4-mapped addresses are IPv4: %s and %s: %s', (block, address, expected) => {
    expect(compileCidrs([block])(address)).toBe(expected);
  });

  test('agrees with net.BlockList', () => {
    // the address families in lists of their own: BlockList has IPv4 addresses in ::/0 too
    const lists = fc.oneof(
      fc.record({
        family: fc.constant('ipv4' as const),
        blocks: fc.array(fc.tuple(v4, fc.integer({ min: 0, max: 32 })), { maxLength: 12 }),
        others: fc.array(v4),
      }),
      fc.record({
        family: fc.constant('ipv6' as const),
        blocks: fc.array(fc.tuple(v6, fc.integer({ min: 1, max: 128 })), { maxLength: 12 }),
        others: fc.array(v6),
      }),
    );
    fc.assert(
      fc.property(lists, ({ family, blocks, others }) => {
        const reference = new BlockList();
        for (const [address, length] of blocks) reference.addSubnet(address, length, family);
        const matches = compileCidrs(blocks.map(([address, length]) => `${address}/${length}`));
        for (const address of [...others, ...blocks.map(([own]) => own)]) {
          expect([address, matches(address)]).toEqual([address, reference.check(address, family)]);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('reads as an address exactly what net.isIP does', () => {
    const everything = compileCidrs(['0.0.0.0/0', '::/0']);
    const text = fc.oneof(
      fc.string({ unit: fc.constantFrom(...'0123456789abcdefF:.%:::...gx /'), maxLength: 24 }),
      fc
        .array(
          fc.constantFrom(
            ':',
            '::',
            '0',
            '1',
            'ffff',
            '12345',
            '1.2.3.4',
            '1.2.3',
            '256',
            '01',
            '.',
            '%',
            'eth0',
          ),
          { maxLength: 17 },
        )
        .map((parts) => parts.join('')),
      v4,
      v6,
    );
    fc.assert(
      fc.property(text, (address) => {
        expect([address, everything(address)]).toEqual([address, isIP(address) !== 0]);
      }),
      { numRuns: 5000 },
    );
  });

  test.each([
    '',
    'example.com',
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/',
    '10.0.0.0/-1',
    '10.0.0.0/8x',
    '10.0.0',
    '010.0.0.0/8',
    'fe80::1%eth0',
    '1.2.3.4/1e1',
  ])('refuses %j in a list, by name', (entry) => {
    expect(() => compileCidrs(['10.0.0.0/8', entry])).toThrow(JSON.stringify(entry));
  });

  test('nothing is in an empty list', () => {
    const matches = compileCidrs([]);
    expect(matches('127.0.0.1')).toBe(false);
    expect(matches('::1')).toBe(false);
  });
});
