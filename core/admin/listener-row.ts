import { z } from 'zod';

const count = z.number().nonnegative();

const bound = {
  name: z.string(),
  /** The bound address, with the real port where the config says 0. */
  address: z.string(),
};

const httpListenerRow = z.object({
  ...bound,
  protocol: z.enum(['http', 'https']).default('http'),
  connections: count,
  requests: count,
  /** Exchanges under way. */
  inFlight: count,
  /** WebSockets that are open or being opened; they are in flight, too. */
  webSockets: count,
  /** Answers by status class, 1xx to 5xx. */
  statuses: z.tuple([count, count, count, count, count]).readonly(),
  /** Requests refused before they became an exchange (malformed, over a limit, too slow). */
  refused: count,
});

const carried = {
  /** In all, those that were denied included. */
  accepted: count,
  /** Turned away by a limit, or for their PROXY header or TLS handshake. */
  refused: count,
  /** By a plugin or a rule. */
  denied: count,
  /** Passed on so far, by those that are open, too. */
  bytesFromClients: count,
  bytesFromBackends: count,
};

const tcpListenerRow = z.object({
  ...bound,
  protocol: z.enum(['tcp', 'tls']),
  /** Open now. */
  connections: count,
  ...carried,
});

const udpListenerRow = z.object({
  ...bound,
  protocol: z.literal('udp'),
  /** Open now. */
  sessions: count,
  ...carried,
  datagramsFromClients: count,
  datagramsFromBackends: count,
  /** Datagrams that were not passed on, by reason (`docs/operations.md`). */
  drops: z.record(z.string(), count).readonly(),
});

/** One listener in the answer to `GET /status`. */
export const listenerRow = z.union([tcpListenerRow, udpListenerRow, httpListenerRow]);
export type HttpListenerRow = Readonly<z.infer<typeof httpListenerRow>>;
export type TcpListenerRow = Readonly<z.infer<typeof tcpListenerRow>>;
export type UdpListenerRow = Readonly<z.infer<typeof udpListenerRow>>;
export type ListenerRow = HttpListenerRow | TcpListenerRow | UdpListenerRow;
