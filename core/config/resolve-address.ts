import { resolve } from 'node:path';
import type { SocketAddressConfig } from '../shared/config-types.ts';

/** The path of a Unix socket made absolute. */
export function resolveAddress(address: SocketAddressConfig, folder: string): SocketAddressConfig {
  return address.kind === 'unix' ? { kind: 'unix', path: resolve(folder, address.path) } : address;
}
