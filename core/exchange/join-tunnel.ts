import type { Attempt } from '../forward/http.ts';
import type { Exchange } from './exchange.ts';
import type { ClientStream, ResponseHead } from './streams.ts';

/** Passes the backend's 101 on and joins the two sides below HTTP. `onEnd`: both have ended, and the exchange knows how. */
export function joinTunnel(
  exchange: Exchange,
  client: ClientStream,
  { stream, backend: { runtime } }: Attempt,
  head: ResponseHead,
  onEnd: () => void,
): void {
  const { service, peer } = exchange;
  const backendEnd = stream.takeTunnelEnd();
  const clientEnd = client.switchProtocols(head.reason, head.headers);
  const parties = { peer, backend: runtime };
  service.tunnels.join(clientEnd, backendEnd, parties, service.config.webSocket, (ending) => {
    exchange.requestBytes += ending.bytesFromClient;
    exchange.responseBytes += ending.bytesFromBackend;
    exchange.error = ending.error;
    if (ending.error?.source === 'backend') runtime.errors += 1;
    onEnd();
  });
}
