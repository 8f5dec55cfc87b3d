import { expect, test } from 'vitest';

import { plainAddress } from '../../../core/exchange/client-address.ts';

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8::1', '2001:db8::1'],
  ['fe80::1%eth0', 'fe80::1'],
  [undefined, 'unknown'],
])('%s is %s to rules, lists, logs and backends', (address, plain) => {
  expect(plainAddress(address)).toBe(plain);
});
