import { describe, expect, test } from 'vitest';
import { formatAddress, parseAddress } from '../../../core/shared/address.ts';

describe('addresses', () => {
  test.each([
    ['127.0.0.1:8443', '127.0.0.1', 8443],
    ['0.0.0.0:0', '0.0.0.0', 0],
    ['[::]:80', '::', 80],
    ['[0:0::0:1]:80', '::1', 80],
    ['[2001:DB8::1]:80', '2001:db8::1', 80],
    ['[fe80::1%eth0]:80', 'fe80::1%eth0', 80],
    [':8080', '::', 8080],
    ['localhost:80', 'localhost', 80],
    ['API.Internal:9000', 'api.internal', 9000],
    ['my_service-1.example:65535', 'my_service-1.example', 65_535],
  ])('%s is host %s, port %i', (text, host, port) => {
    expect(parseAddress(text)).toEqual({ kind: 'tcp', host, port });
  });

  test('unix:/run/a.sock is a path', () => {
    expect(parseAddress('unix:/run/a.sock')).toEqual({ kind: 'unix', path: '/run/a.sock' });
  });

  test.each([
    '',
    '8080',
    'localhost',
    'localhost:',
    'localhost:http',
    'localhost:65536',
    'localhost:-1',
    'localhost: 80',
    '::1:80',
    '[::1]',
    '[127.0.0.1]:80',
    '[:80',
    '300.0.0.1:80',
    '127.1:80',
    '127.0.0.01:80',
    '*:80',
    'http://localhost:80',
    'localhost:80/',
    '-a:80',
    'a..b:80',
    'unix:',
    'unix:/a\0b',
  ])('%j is none', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  test.each(['127.0.0.1:80', '[::1]:80', 'localhost:80', 'unix:/run/a.sock'])(
    '%s is written as it is read',
    (text) => {
      const address = parseAddress(text);
      expect(address && formatAddress(address)).toBe(text);
    },
  );
});
