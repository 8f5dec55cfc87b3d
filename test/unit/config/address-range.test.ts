import { describe, expect, test } from 'vitest';
import { readAddressRange } from '../../../core/config/address-range.ts';

describe('address ranges', () => {
  test.each([
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['203.0.113.7', '203.0.113.7/32'],
    ['2001:db8::/32', '2001:db8::/32'],
    ['::1', '::1/128'],
    ['10.0.0.0/08', '10.0.0.0/8'],
  ])('%s is %s', (text, cidr) => {
    expect(readAddressRange(text)).toEqual({ ok: true, cidr });
  });

  test.each([
    ['office', 'expected an address or a range like "10.0.0.0/8", found "office"'],
    ['10.0.0/8', 'expected an address or a range like "10.0.0.0/8", found "10.0.0/8"'],
    ['10.0.0.0/8/8', 'expected an address or a range like "10.0.0.0/8", found "10.0.0.0/8/8"'],
    ['10.0.0.0/33', 'expected a prefix length from 0 to 32, found "10.0.0.0/33"'],
    ['10.0.0.0/', 'expected a prefix length from 0 to 32, found "10.0.0.0/"'],
    ['::/129', 'expected a prefix length from 0 to 128, found "::/129"'],
    [
      '10.0.0.1/8',
      'expected the first address of the range, "10.0.0.0/8", or a longer prefix, found "10.0.0.1/8"',
    ],
    [
      '2001:db8::1/32',
      'expected the first address of the range, "2001:db8::/32", or a longer prefix, found "2001:db8::1/32"',
    ],
  ])('%s is refused', (text, problem) => {
    expect(readAddressRange(text)).toEqual({ ok: false, problem });
  });
});
