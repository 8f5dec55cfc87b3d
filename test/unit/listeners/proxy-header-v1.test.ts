import { expect, test } from 'vitest';
import { readProxyHeader } from '../../../core/listeners/proxy-header.ts';

const client = (address: string, port: number, local: string, localPort: number) => ({
  address,
  port,
  local: { address: local, port: localPort },
});

test.each([
  ['PROXY TCP4 192.0.2.7 198.51.100.1 4711 443', client('192.0.2.7', 4711, '198.51.100.1', 443)],
  ['PROXY TCP4 255.255.255.255 0.0.0.0 65535 0', client('255.255.255.255', 65_535, '0.0.0.0', 0)],
  ['PROXY TCP6 2001:DB8:0:0::7 2001:db8::1 4711 443', client('2001:db8::7', 4711, '2001:db8::1', 443)],
  ['PROXY TCP6 ::ffff:192.0.2.7 ::1 1 2', client('192.0.2.7', 1, '::1', 2)],
  ['PROXY UNKNOWN', null],
  ['PROXY UNKNOWN 192.0.2.7 whatever it says', null],
])('%s', (line, expected) => {
  const header = `${line}\r\n`;
  expect(readProxyHeader(Buffer.from(`${header}GET /`))).toEqual({ bytes: header.length, client: expected });
});

test('the longest line there can be', () => {
  const address = 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff';
  const line = `PROXY UNKNOWN ${address} ${address} 65535 65535\r\n`;
  expect(line).toHaveLength(107);
  expect(readProxyHeader(Buffer.from(line))).toEqual({ bytes: 107, client: null });
  expect(() => readProxyHeader(Buffer.from(line.replace('UNKNOWN', 'UNKNOWN ')))).toThrow('no CRLF');
});

test.each([
  'PROXY TCP4 192.0.2.7 198.51.100.1 4711\r\n',
  'PROXY TCP4 192.0.2.7 198.51.100.1 4711 443 \r\n',
  'PROXY TCP4  192.0.2.7 198.51.100.1 4711 443\r\n',
  'PROXY TCP4 192.0.2.7 198.51.100.1 4711 443\n',
  'PROXY TCP4 192.0.2.7 198.51.100.1 4711 443\rX',
  'PROXY TCP4 192.0.2.07 198.51.100.1 4711 443\r\n',
  'PROXY TCP4 192.0.2.256 198.51.100.1 4711 443\r\n',
  'PROXY TCP4 192.0.2 198.51.100.1 4711 443\r\n',
  'PROXY TCP4 2001:db8::7 2001:db8::1 4711 443\r\n',
  'PROXY TCP4 192.0.2.7 198.51.100.1 04711 443\r\n',
  'PROXY TCP4 192.0.2.7 198.51.100.1 65536 443\r\n',
  'PROXY TCP4 192.0.2.7 198.51.100.1 +1 443\r\n',
  'PROXY TCP4 192.0.2.7 198.51.100.1 0x1 443\r\n',
  'PROXY TCP4 192.0.2.7 198.51.100.1 4711 443 192.0.2.8\r\n',
  'PROXY TCP6 192.0.2.7 198.51.100.1 4711 443\r\n',
  'PROXY TCP6 fe80::7%eth0 fe80::1 4711 443\r\n',
  'PROXY TCP6 2001:db8:::7 2001:db8::1 4711 443\r\n',
  'PROXY UDP4 192.0.2.7 198.51.100.1 4711 443\r\n',
  'PROXY tcp4 192.0.2.7 198.51.100.1 4711 443\r\n',
  'PROXY \r\n',
  'PROXY UNKNOWN\n',
  'PROXYTCP4 ',
  'proxy TCP4 ',
  'POST / HTTP/1.1\r\n',
  'GET / HTTP/1.1\r\n',
])('malformed: %j', (text) => {
  expect(() => readProxyHeader(Buffer.from(text))).toThrow(
    expect.objectContaining({ name: 'ProxyHeaderError' }),
  );
});
