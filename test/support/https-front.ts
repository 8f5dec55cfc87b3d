import { once } from 'node:events';
import { createServer } from 'node:net';
import { onTestFinished } from 'vitest';
import { serveHttp } from '../../core/listeners/http.ts';
import type { Stage } from '../../core/listeners/stage.ts';
import type { DataPath } from './data-path.ts';

/** Another port of the data path, whose connections are taken for those of https clients: nothing is encrypted. Closed when the test has finished. */
export async function startHttpsFront({ listener }: DataPath): Promise<number> {
  const stages = new Set<Stage>();
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (accepted) => {
    const addresses = { address: '127.0.0.1', port: 4711, localAddress: '127.0.0.1', localPort: 443 };
    stages.add(serveHttp(accepted, { ...addresses, scheme: 'https' }, listener, false));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    for (const stage of stages) stage.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
