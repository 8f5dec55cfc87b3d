import { AddressSetBuilder } from './address-set.ts';

/**
 * Compiles a list of addresses and CIDR blocks (`10.0.0.0/8`, `2001:db8::/32`, `192.0.2.1`; bits behind the
 * prefix are ignored) to a test whether an address is in one of them, as `AddressSet` has it.
 * Throws a TypeError which names an entry that is neither.
 */
export function compileCidrs(list: readonly string[]): (address: string) => boolean {
  const builder = new AddressSetBuilder();
  for (const entry of list) builder.add(entry);
  const set = builder.build();
  return (address) => set.has(address);
}
