import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { makeCertificate } from '../certificate.ts';
import type { Child, Children } from '../process/children.ts';
import { findProgram } from '../process/find-program.ts';
import { freePort } from '../process/free-port.ts';

export interface PebbleCa {
  /** URL. */
  readonly directory: string;
  /** PEM: the authority of its own server. */
  readonly caFile: string;
  /** Where it asks for the answers to challenges; every name is at 127.0.0.1. */
  readonly httpPort: number;
  readonly tlsPort: number;
  readonly children: readonly Child[];
}

/** What is not installed to start one, or null. */
export function missingForPebble(): string | null {
  return findProgram('pebble') === null || findProgram('pebble-challtestsrv') === null
    ? 'pebble: apt-get install pebble'
    : null;
}

/** A CA for tests, which validates over loopback. */
export async function startPebble(
  children: Children,
  folder: string,
  core: number | null,
): Promise<PebbleCa> {
  const { cert, key } = await makeCertificate(folder);
  const [port, management, httpPort, tlsPort, dnsPort, dnsManagement] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const config = path.join(folder, 'pebble.json');
  const pebble = {
    listenAddress: `127.0.0.1:${port}`,
    managementListenAddress: `127.0.0.1:${management}`,
    certificate: cert,
    privateKey: key,
    httpPort,
    tlsPort,
  };
  await writeFile(config, JSON.stringify({ pebble }));
  const unused = ['-http01', '', '-https01', '', '-tlsalpn01', '', '-defaultIPv6', ''];
  const dns = await children.start(
    {
      program: 'pebble-challtestsrv',
      args: ['-dns01', `127.0.0.1:${dnsPort}`, '-management', `127.0.0.1:${dnsManagement}`, ...unused],
    },
    core,
  );
  const ca = await children.start(
    {
      program: 'pebble',
      args: ['-config', config, '-dnsserver', `127.0.0.1:${dnsPort}`],
      env: { PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '0' },
    },
    core,
  );
  return { directory: `https://127.0.0.1:${port}/dir`, caFile: cert, httpPort, tlsPort, children: [ca, dns] };
}
