import { createServer } from 'node:net';
import { serveHttp } from '../../core/listeners/http.ts';
import { Bandwidth } from '../../core/shared/bandwidth.ts';
import type { Stage } from '../../core/listeners/stage.ts';
import type { DataPath } from './data-path.ts';
import { listenForTest } from './listen.ts';

/** Another port of the data path, whose connections are taken for those of https clients: nothing is encrypted. Closed when the test has finished. */
export async function startHttpsFront({ listener }: DataPath): Promise<number> {
  const stages = new Set<Stage>();
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (accepted) => {
    const addresses = { address: '127.0.0.1', port: 4711, localAddress: '127.0.0.1', localPort: 443 };
    const tls = { serverName: null, protocol: 'TLSv1.3', cipher: 'none', client: null };
    stages.add(
      serveHttp(
        accepted,
        { ...addresses, tls: { ...tls, text: JSON.stringify(tls) } },
        listener,
        false,
        new Bandwidth(),
      ),
    );
  });
  return listenForTest(server, () => {
    for (const stage of stages) stage.destroy();
  });
}
