import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { constants, networkInterfaces } from 'node:os';

import { udpKeys } from '../ipc/messages.ts';
import { listenAddresses } from '../shared/listener-kinds.ts';
import type { ListenerConfig } from '../shared/listener-types.ts';
import { bindUdp, freeUdpPort } from '../shared/udp-socket.ts';
import { explain, type BoundSocket } from './bind.ts';
import type { LetGoPorts } from './let-go-ports.ts';
import { udpLocalAddresses } from './udp-addresses.ts';

/** In the way of `LivePlan.sockets`. */
type Sockets = Map<string, BoundSocket>;

/** What this process has bound, or had until just now. */
export interface OwnSockets {
  readonly held: ReadonlyMap<string, BoundSocket>;
  readonly letGo: Pick<LetGoPorts, 'has'>;
}

/**
 * Binds the sockets of UDP listeners: one for each worker, so that a client's datagrams come to one worker as long as the number of
 * workers stays (`SO_REUSEPORT` chooses by the two addresses). They are never read from here. The primary's copy keeps what waits in a
 * socket while its worker is replaced. Those held stay. Adds to `sockets`; returns why some cannot be bound.
 */
export async function bindUdpListeners(
  listeners: readonly ListenerConfig[],
  workers: number,
  own: OwnSockets,
  sockets: Sockets,
): Promise<string[]> {
  const problems: string[] = [];
  for (const listener of listeners) {
    const keys = udpKeys(listener);
    for (const [index, address] of listenAddresses(listener).entries()) {
      const key = keys[index];
      if (key === undefined || address.kind === 'unix') continue;
      const wanted = { ...address, key, workers };
      const problem = await bindPort(wanted, own, sockets);
      if (problem === null) continue;
      const shown = address.host.includes(':') ? `[${address.host}]` : address.host;
      problems.push(`cannot listen on ${shown}:${address.port} (UDP): ${problem}`);
    }
  }
  return problems;
}

interface WantedPort {
  readonly host: string;
  readonly port: number;
  readonly ipv6Only?: true;
  readonly key: string;
  readonly workers: number;
}

/** Returns what is in the way. */
async function bindPort(
  { host, port, key, workers, ...wanted }: WantedPort,
  { held, letGo }: OwnSockets,
  sockets: Sockets,
): Promise<string | null> {
  const ipv6Only = wanted.ipv6Only === true;
  let ip = host;
  if (isIP(host) === 0) {
    try {
      ({ address: ip } = await lookup(host));
    } catch (cause) {
      return cause instanceof Error ? cause.message : String(cause);
    }
  }
  const own = [...held.values()].flatMap(({ udp }) => udp ?? []);
  let realPort = own.find((udp) => udp.key === key)?.port ?? port;
  if (!own.some((udp) => udp.port === realPort) && !letGo.has(realPort)) {
    // Whoever has the port and shares it would be shared with, without a word.
    const free = freeUdpPort(ip, realPort, { ipv6Only });
    if (free < 0) return explain(free, port);
    realPort = free;
  }
  for (const localAddress of udpLocalAddresses(ip, ipv6Only, networkInterfaces()))
    for (let slot = 0; slot < workers; slot++) {
      const id = `${key}|${localAddress}|${slot}`;
      const existing = held.get(id);
      if (existing !== undefined) {
        sockets.set(id, existing);
        continue;
      }
      const handle = bindUdp(localAddress, realPort, { ipv6Only });
      if (typeof handle !== 'number') {
        const shown = localAddress.includes(':') ? `[${localAddress}]` : localAddress;
        sockets.set(id, {
          handle,
          addressText: `${shown}:${realPort}`,
          udp: { key, slot, localAddress, port: realPort },
        });
      } // An address of the machine may have gone just now, or not be ready yet.
      else if (localAddress === ip || handle !== -constants.errno.EADDRNOTAVAIL) return explain(handle, port);
    }
  return null;
}
