import { once } from 'node:events';
import net from 'node:net';

/** A loopback TCP port that nothing listened on a moment ago. */
export async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('expected a TCP address');
  server.close();
  await once(server, 'close');
  return address.port;
}
