import { describe, expect, test } from 'vitest';
import { findingsIn } from '../../support/config-findings.ts';

function twoListeners(first: string, second: string): string[] {
  return findingsIn({
    listeners: [
      { name: 'a', address: first },
      { name: 'b', address: second },
    ],
  });
}

describe('two listeners on one address', () => {
  test.each([
    ['127.0.0.1:80', '127.0.0.1:80'],
    ['0.0.0.0:80', '127.0.0.1:80'],
    [':80', '127.0.0.1:80'],
    ['127.0.0.1:80', '[::]:80'],
    ['[::]:80', '[::1]:80'],
    ['0.0.0.0:80', '[::]:80'],
    ['0.0.0.0:80', 'localhost:80'],
    ['localhost:80', '127.0.0.1:80'],
    ['localhost:80', '[::1]:80'],
    ['[::1]:80', '[0:0::1]:80'],
    ['unix:/a', 'unix:/a'],
  ])('%s and %s are refused', (first, second) => {
    const [finding, ...more] = twoListeners(first, second);
    expect(finding).toContain(
      `listeners[1].address: expected an address of its own, found "${second}", which listeners[0] has`,
    );
    expect(more).toEqual([]);
  });

  test.each([
    ['127.0.0.1:80', '127.0.0.1:81'],
    ['127.0.0.1:80', '127.0.0.2:80'],
    ['127.0.0.1:80', '[::1]:80'],
    ['0.0.0.0:80', '[::1]:80'],
    ['127.0.0.1:0', '127.0.0.1:0'],
    ['localhost:80', '10.0.0.1:80'],
    ['unix:/a', 'unix:/b'],
    ['unix:/a', ':80'],
  ])('%s and %s are not', (first, second) => {
    expect(twoListeners(first, second)).toEqual([]);
  });
});

test('the admin API needs an address of its own too', () => {
  const content = { listeners: [{ name: 'a', address: ':80' }], admin: { address: '127.0.0.1:80' } };
  expect(findingsIn(content)).toEqual([
    'admin.address: expected an address of its own, found "127.0.0.1:80", which listeners[0] has ([::]:80)',
  ]);
});

test.each([
  ['0.0.0.0:80', true],
  ['127.0.0.1:80', true],
  ['[::1]:80', false],
  ['localhost:80', false],
])('[::]:80 with ipv6Only leaves %s free: %s', (address, isFree) => {
  const findings = findingsIn({
    listeners: [
      { name: 'a', address: '[::]:80', ipv6Only: true },
      { name: 'b', address },
    ],
  });
  expect(findings.length === 0).toBe(isFree);
});

test.each([
  ['127.0.0.1:6005', 'tcp', ['127.0.0.1:6000-6010']],
  ['0.0.0.0:6010-6020', 'tls', ['127.0.0.1:6000-6010']],
  ['127.0.0.1:6011', 'tcp', []],
  ['127.0.0.1:6005', 'udp', []],
])('%s (%s) beside a range of ports of tcp: %j', (address, protocol, taken) => {
  const findings = findingsIn({
    listeners: [
      { name: 'a', protocol: 'tcp', address: '127.0.0.1:6000-6010' },
      { name: 'b', protocol, address },
    ],
    certificates: { selfSigned: { names: ['a.test'] } },
  });
  expect(findings.filter((finding) => finding.includes('listeners[1].address'))).toEqual(
    taken.map(
      (range) =>
        `listeners[1].address: expected an address of its own, found "${address}", which listeners[0] has (${range})`,
    ),
  );
});
