import type { NetworkInterfaceInfo } from 'node:os';
import { expect, test } from 'vitest';
import { udpLocalAddresses } from '../../../core/primary/udp-addresses.ts';

const rest = { netmask: '', mac: '', internal: false, cidr: null };

function four(address: string): NetworkInterfaceInfo {
  return { ...rest, address, family: 'IPv4' };
}

function six(address: string, scopeid: number): NetworkInterfaceInfo {
  return { ...rest, address, family: 'IPv6', scopeid };
}

const interfaces = {
  lo: [four('127.0.0.1'), six('::1', 0)],
  eth0: [four('192.0.2.2'), six('2001:db8::2', 0), six('fe80::1', 2)],
  eth1: [four('192.0.2.2')],
  down: undefined,
};

test.each([
  { name: 'an address alone', ip: '192.0.2.2', ipv6Only: false, bound: ['192.0.2.2'] },
  {
    name: 'all of IPv4, each once',
    ip: '0.0.0.0',
    ipv6Only: false,
    bound: ['0.0.0.0', '127.0.0.1', '192.0.2.2'],
  },
  {
    name: 'all of both families; addresses of a link with its name',
    ip: '::',
    ipv6Only: false,
    bound: ['::', '127.0.0.1', '::1', '192.0.2.2', '2001:db8::2', 'fe80::1%eth0'],
  },
  { name: 'all of IPv6', ip: '::', ipv6Only: true, bound: ['::', '::1', '2001:db8::2', 'fe80::1%eth0'] },
])('sockets for $name', ({ ip, ipv6Only, bound }) => {
  expect(udpLocalAddresses(ip, ipv6Only, interfaces)).toEqual(bound);
});
