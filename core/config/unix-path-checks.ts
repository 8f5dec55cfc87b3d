import { resolve } from 'node:path';
import type { Draft } from './draft.ts';
import type { Finding } from './finding.ts';
import { LONGEST_UNIX_PATH_BYTES } from '../shared/address.ts';
import type { SocketAddressConfig } from '../shared/config-types.ts';

/** Unix sockets that no system can bind or connect to: what counts is the path below `folder`, in bytes. */
export function unixPathFindings({ listeners, upstreams, admin }: Draft, folder: string): Finding[] {
  const addresses: { readonly path: PropertyKey[]; readonly address: Written | undefined }[] = [
    ...listeners.map(({ address }, index) => ({ path: ['listeners', index, 'address'], address })),
    ...[...(upstreams ?? [])].flatMap(([name, { backends }]) =>
      backends.map((address, index) => ({
        path: ['upstreams', name, 'backends', index, 'address'],
        address,
      })),
    ),
    { path: ['admin', 'address'], address: admin },
  ];
  return addresses.flatMap(({ path, address }) => {
    if (address?.parsed.kind !== 'unix') return [];
    const message = unixPathProblem(resolve(folder, address.parsed.path));
    return message === null ? [] : [{ path, message }];
  });
}

/** Why no socket can be at this absolute path; null: one can. */
export function unixPathProblem(path: string): string | null {
  const bytes = Buffer.byteLength(path);
  if (bytes <= LONGEST_UNIX_PATH_BYTES) return null;
  return `expected a path of at most ${LONGEST_UNIX_PATH_BYTES} bytes, found ${bytes}: ${path}`;
}

interface Written {
  readonly parsed: SocketAddressConfig;
}
