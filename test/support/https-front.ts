import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { serveHttp } from '../../core/listeners/http.ts';
import type { DataPath } from './data-path.ts';

/** Another port of the data path, whose connections are taken for those of https clients: nothing is encrypted. Closed when the test has finished. */
export async function startHttpsFront({ listener }: DataPath): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (accepted) => {
    const addresses = { address: '127.0.0.1', port: 4711, localAddress: '127.0.0.1', localPort: 443 };
    sockets.add(serveHttp(accepted, { ...addresses, scheme: 'https' }, listener).socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
