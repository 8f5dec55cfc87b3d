import { expect, test } from 'vitest';

import { contentWith, findingsIn } from '../../support/config-findings.ts';

test('socketMode needs a Unix socket', () => {
  expect(findingsIn(contentWith({ listener: { socketMode: '0660' } }))).toEqual([
    'listeners[0].socketMode: expected no `socketMode` for an address that is no Unix socket (":8080")',
  ]);
  expect(findingsIn(contentWith({ listener: { address: 'unix:/a', socketMode: '660' } }))).toEqual([]);
});

test.each([660, '0888', '1777', '66', 'rw'])('socketMode %j is refused', (socketMode) => {
  const [finding] = findingsIn(contentWith({ listener: { address: 'unix:/a', socketMode } }));
  expect(finding).toContain('expected permissions in octal and in quotes like "0660", found');
});

test('ipv6Only needs an IPv6 address', () => {
  for (const address of ['0.0.0.0:80', 'localhost:80', 'unix:/a']) {
    expect(findingsIn(contentWith({ listener: { address, ipv6Only: true } }))).toEqual([
      `listeners[0].ipv6Only: expected no \`ipv6Only\` for an address that is no IPv6 address ("${address}")`,
    ]);
  }
  expect(findingsIn(contentWith({ listener: { address: ':80', ipv6Only: true } }))).toEqual([]);
});
