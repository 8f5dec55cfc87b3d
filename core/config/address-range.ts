import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

export type AddressRange =
  { readonly ok: true; readonly cidr: string } | { readonly ok: false; readonly problem: string };

/** Reads `10.0.0.0/8`, `2001:db8::/32` or a single address, which becomes `…/32` or `…/128`. */
export function readAddressRange(text: string): AddressRange {
  const [address = '', prefix, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || address.includes('%') || rest.length > 0)
    return refuse('expected an address or a range like "10.0.0.0/8"', text);
  const bits = family === 4 ? 32 : 128;
  if (prefix === undefined) return { ok: true, cidr: `${address}/${bits}` };
  if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > bits)
    return refuse(`expected a prefix length from 0 to ${bits}`, text);
  const network = networkOf(text, family);
  // Bits set behind the prefix mean that either the address or the length is a mistake: which one, only the author knows.
  if (network.toString() !== ipaddr.parse(address).toString()) {
    return refuse(
      `expected the first address of the range, "${network.toString()}/${prefix}", or a longer prefix`,
      text,
    );
  }
  return { ok: true, cidr: `${address}/${Number(prefix)}` };
}

function networkOf(cidr: string, family: number): ipaddr.IPv4 | ipaddr.IPv6 {
  return family === 4 ? ipaddr.IPv4.networkAddressFromCIDR(cidr) : ipaddr.IPv6.networkAddressFromCIDR(cidr);
}

function refuse(expectation: string, text: string): AddressRange {
  return { ok: false, problem: `${expectation}, found ${JSON.stringify(text)}` };
}
