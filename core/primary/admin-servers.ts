import type { Server } from 'node:http';
import { join } from 'node:path';

import { claimControlFolder, controlSocketName } from '../admin/control-socket.ts';
import { openAdminServer } from '../admin/server.ts';
import type { AdminApi } from '../admin/server.ts';
import type { Config } from '../shared/config-types.ts';
import { clearStaleSocket } from './bind.ts';

/** Where the admin API can be reached: the control socket, and the address of the config if it has one. */
export class AdminServers {
  readonly #servers: Server[] = [];

  /** Returns why it could not; empty when it has. What is open by then is still to be closed. */
  async open({ file, admin }: Pick<Config, 'file' | 'admin'>, api: AdminApi): Promise<readonly string[]> {
    let path: string;
    try {
      path = join(claimControlFolder(), controlSocketName(file));
    } catch (error) {
      return [messageOf(error)];
    }
    if ((await clearStaleSocket(path)) !== null)
      return [`Tidegate runs already with ${file} (${path} answers)`];
    try {
      this.#servers.push(await openAdminServer({ kind: 'unix', path }, api));
      if (admin === null) return [];
      const { address } = admin;
      const stale = address.kind === 'unix' ? await clearStaleSocket(address.path) : null;
      if (stale !== null) return [`admin: cannot listen: ${stale}`];
      this.#servers.push(await openAdminServer(address, api));
      return [];
    } catch (error) {
      return [`admin: ${messageOf(error)}`];
    }
  }

  close(): void {
    for (const server of this.#servers.splice(0)) {
      server.close();
      server.closeAllConnections();
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
