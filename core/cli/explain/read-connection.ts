import net from 'node:net';
import { readTlsHello } from '../../layer4/tls-hello.ts';
import type { TcpListenerConfig, UdpListenerConfig } from '../../shared/layer4-types.ts';
import type { RuleConnection } from '../../shared/rule-script.ts';
import type { ConnectionTls } from '../../shared/tls-info.ts';
import type { AskedConnection } from '../sandbox/messages.ts';
import type { Step } from './explanation.ts';
import type { ConnectionUrl } from './read-connection-url.ts';
import { writeClientHello } from './write-client-hello.ts';

export interface ConnectionQuery {
  readonly url: ConnectionUrl;
  readonly clientAddress: string;
  readonly clientPort: number;
  /** null: none is asked for. */
  readonly serverName: string | null;
  readonly alpn: readonly string[];
  /** What the client sends first, in a `tls` listener's connection within TLS; null: nothing is said of it. */
  readonly bytes: Buffer | null;
}

export interface ReadConnection {
  readonly asked: AskedConnection;
  /** Null where nothing is known of TLS. */
  readonly tls: ConnectionTls | null;
  /** All that the client sends. */
  readonly sent: Buffer;
  /** About TLS. */
  readonly steps: readonly Step[];
}

/** Has a client say what the query says, and reads it as the listener does. */
export function readConnection(
  listener: TcpListenerConfig | UdpListenerConfig,
  query: ConnectionQuery,
): ReadConnection {
  const { alpn, serverName } = query;
  const speaksTls = listener.protocol === 'tcp' && (serverName !== null || alpn.length > 0);
  const sent = query.bytes ?? (speaksTls ? writeClientHello(serverName, alpn) : Buffer.alloc(0));
  const maxBytes = listener.protocol === 'udp' ? sent.length : listener.limits.inspectBytes;
  const { tls, steps } = readTls(listener, query, sent);
  const connection: RuleConnection = {
    listener: listener.name,
    protocol: listener.protocol,
    ...ends(listener, query),
    tls: tls === null ? '' : JSON.stringify(tls),
    bytes: listener.protocol === 'udp' ? sent.toString('latin1') : null,
  };
  return { asked: { connection, sent: sent.toString('latin1'), maxBytes }, tls, sent, steps };
}

function ends(
  { address }: TcpListenerConfig | UdpListenerConfig,
  { url, clientAddress, clientPort }: ConnectionQuery,
): Pick<RuleConnection, 'clientAddress' | 'clientPort' | 'localAddress' | 'localPort'> {
  if (address.kind === 'unix')
    return { clientAddress: 'unknown', clientPort: 0, localAddress: 'unknown', localPort: 0 };
  const localAddress = net.isIP(url.hostname) === 0 ? address.host : url.hostname;
  return { clientAddress, clientPort, localAddress, localPort: url.port };
}

function readTls(
  listener: TcpListenerConfig | UdpListenerConfig,
  { serverName, alpn }: ConnectionQuery,
  sent: Buffer,
): { readonly tls: ConnectionTls | null; readonly steps: readonly Step[] } {
  switch (listener.protocol) {
    case 'udp':
      return { tls: null, steps: [] };
    case 'tls': {
      const usual = { protocol: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256', client: null };
      const tls = { serverName: serverName?.toLowerCase() ?? null, alpn, ...usual };
      return { tls, steps: [tlsStep('ended here', described(tls))] };
    }
    case 'tcp': {
      if (!listener.sni) {
        const isAsked = serverName !== null || alpn.length > 0;
        const why = 'the listener has no `sni: true`: no rule and no route knows of server name and ALPN';
        return { tls: null, steps: isAsked ? [tlsStep('not looked for', [why])] : [] };
      }
      const tls = readTlsHello(sent, listener.limits.inspectBytes);
      if (tls === null) return { tls, steps: [tlsStep('none', ['the first bytes are no ClientHello'])] };
      if (typeof tls === 'number')
        return {
          tls: null,
          steps: [
            tlsStep('none', [
              `after ${sent.length} bytes there is no whole ClientHello: timeouts.inspect is waited for more`,
            ]),
          ],
        };
      return { tls, steps: [tlsStep('read, and passed on', described(tls))] };
    }
  }
}

function tlsStep(text: string, details: readonly string[]): Step {
  return { step: 'tls', text, details };
}

function described({ serverName, alpn }: ConnectionTls): string[] {
  return [
    `server name ${serverName ?? '(none)'}`,
    alpn.length === 0 ? 'nothing offered by ALPN' : `ALPN ${alpn.join(', ')}`,
  ];
}
