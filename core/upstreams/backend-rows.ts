import { hostNameOf } from '../shared/address.ts';
import type { BackendConfig, UpstreamConfig } from '../shared/config-types.ts';

/** The config's backends, with a row for each address in the place of one that gives a host name. */
export function backendRows(
  { backends }: Pick<UpstreamConfig, 'backends'>,
  addressesOf: (name: string) => readonly string[],
): BackendConfig[] {
  return backends.flatMap((row) => {
    const { address, addressText } = row;
    const name = hostNameOf(address);
    if (name === null || address.kind === 'unix') return [row];
    return addressesOf(name).map((ip) => ({
      ...row,
      address: { ...address, ip },
      addressText: `${addressText} (${ip})`,
    }));
  });
}
