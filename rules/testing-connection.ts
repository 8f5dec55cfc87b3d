import type { RuleConnection } from '../core/shared/rule-script.ts';
import type { ConnectionTls } from '../core/shared/tls-info.ts';

export interface TestConnection {
  /** The listener's name; `test` unless given. */
  readonly listener?: string;
  /** `tcp` unless given. */
  readonly protocol?: 'tcp' | 'tls' | 'udp';
  /** The client's IP address; 127.0.0.1 unless given. */
  readonly client?: string;
  /** 50000 unless given. */
  readonly clientPort?: number;
  /** What the client connected to; 127.0.0.1 unless given. */
  readonly local?: string;
  /** 4000 unless given. */
  readonly localPort?: number;
  /** What is known of TLS. For the protocol `tls` unless given: TLS 1.3 without a name, ALPN and a client's certificate. */
  readonly tls?: Partial<ConnectionTls>;
  /** What the client sent first, text as UTF-8: `conn.bytes`. Unless given: nothing was asked for, or with `udp` an empty datagram. */
  readonly bytes?: string | Uint8Array;
}

export function toRuleConnection(connection: TestConnection): RuleConnection {
  const { protocol = 'tcp', tls = protocol === 'tls' ? TLS : null, bytes } = connection;
  const unasked = protocol === 'udp' ? '' : null;
  return {
    listener: connection.listener ?? 'test',
    protocol,
    clientAddress: connection.client ?? '127.0.0.1',
    clientPort: connection.clientPort ?? 50_000,
    localAddress: connection.local ?? '127.0.0.1',
    localPort: connection.localPort ?? 4000,
    tls: tls === null ? '' : JSON.stringify({ ...NOTHING_OFFERED, ...tls }),
    // The same either way, but the types of `from` keep text and bytes apart.
    bytes:
      bytes === undefined
        ? unasked
        : (typeof bytes === 'string' ? Buffer.from(bytes) : Buffer.from(bytes)).toString('latin1'),
  };
}

const NOTHING_OFFERED = { serverName: null, alpn: [] };
const TLS = { protocol: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256', client: null };
