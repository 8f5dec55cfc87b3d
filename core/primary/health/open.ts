import { connect, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { checkServerIdentity, connect as connectTls, createSecureContext } from 'node:tls';
import type { SecureContext } from 'node:tls';
import type { UpstreamTlsConfig } from '../../shared/config-types.ts';
import { policyOptions } from '../../shared/tls-policy.ts';
import type { SocketInput } from '../../shared/socket-input.ts';
import type { CheckTarget } from './probe.ts';

const contexts = new WeakMap<UpstreamTlsConfig, SecureContext>();

/** Begins to connect. `protocols`: for ALPN, with TLS; `input`: who takes what is read, instead of the socket's stream. */
export function open(
  target: CheckTarget,
  protocols: readonly string[] = [],
  input: SocketInput | null = null,
): { socket: Socket; ready: string } {
  const { address, tls } = target;
  const { sourceAddress } = target.check;
  const where =
    address.kind === 'unix'
      ? { path: address.path }
      : {
          host: address.ip ?? address.host,
          port: address.port,
          ...(sourceAddress === null ? {} : { localAddress: sourceAddress }),
        };
  if (tls === null) {
    const socket = connect(input === null ? where : { ...where, onread: input.onread });
    if (target.preface !== '') socket.write(target.preface, 'latin1');
    return { socket, ready: 'connect' };
  }
  const name = tls.serverName ?? (address.kind === 'tcp' ? address.host : '');
  const carrier = target.preface === '' ? null : connect(where);
  // Ahead of the handshake.
  carrier?.write(target.preface, 'latin1');
  const socket = connectTls({
    ...(carrier === null ? where : { socket: carrier }),
    secureContext: contextOf(tls),
    rejectUnauthorized: tls.verify,
    // RFC 6066 3: a literal address is no server name.
    ...(name === '' || isIP(name) !== 0 ? {} : { servername: name }),
    checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
    ...(protocols.length === 0 ? {} : { ALPNProtocols: [...protocols] }),
  });
  carrier?.on('error', (error) => socket.destroy(error));
  input?.readFrom(socket);
  return { socket, ready: 'secureConnect' };
}

function contextOf(tls: UpstreamTlsConfig): SecureContext {
  let context = contexts.get(tls);
  if (context === undefined) {
    const { ca, cert, key, policy, minVersion } = tls;
    context = createSecureContext({
      ...(policy === null ? { minVersion } : policyOptions(policy)),
      ...(ca === null ? {} : { ca }),
      ...(cert === null || key === null ? {} : { cert, key }),
    });
    contexts.set(tls, context);
  }
  return context;
}
