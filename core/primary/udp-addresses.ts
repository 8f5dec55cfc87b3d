import type { NetworkInterfaceInfo } from 'node:os';

/**
 * The local addresses to bind a socket to for a UDP listener at `ip`. Node does not tell which address a datagram was sent to, so where a
 * listener takes all addresses, each one of this machine has a socket of its own: replies then leave from the address that
 * the client knows. The socket for all takes what comes to an address that the machine gets later.
 */
export function udpLocalAddresses(
  ip: string,
  ipv6Only: boolean,
  interfaces: Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>,
): readonly string[] {
  if (ip !== '0.0.0.0' && ip !== '::') return [ip];
  const own = Object.entries(interfaces).flatMap(([name, infos = []]) =>
    infos.flatMap(({ address, family, scopeid }) => {
      if (family === 'IPv4') return ip === '0.0.0.0' || !ipv6Only ? [address] : [];
      if (ip === '0.0.0.0') return [];
      // A link's own addresses mean nothing without the link (RFC 4007 6).
      return [scopeid === 0 || scopeid === undefined ? address : `${address}%${name}`];
    }),
  );
  return [ip, ...new Set(own)];
}
