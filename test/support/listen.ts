import { once } from 'node:events';
import type { Server } from 'node:net';
import { onTestFinished } from 'vitest';

/**
 * Has a server of any protocol listen until the test has finished.
 * @param endConnections what keeps it from closing
 * @param port default: a free one
 * @returns the port
 */
export async function listenForTest(
  server: Server,
  endConnections: () => void = () => {},
  host = '127.0.0.1',
  port = 0,
): Promise<number> {
  server.listen(port, host);
  await once(server, 'listening');
  onTestFinished(() => {
    endConnections();
    server.close();
  });
  return portOf(server);
}

/** The port of a server that listens. */
export function portOf(server: Pick<Server, 'address'>): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
