import type { Socket } from 'node:net';
import { createSecureContext, TLSSocket, type SecureContext } from 'node:tls';
import { TLS_POLICIES, policyOptions } from '../../shared/tls-policy.ts';
import type { ClientHello } from '../../shared/client-hello.ts';

/** The only protocol of TLS-ALPN-01 (RFC 8737 4). */
const PROTOCOL = 'acme-tls/1';

/** A self-signed certificate that proves to a CA whose the name is. PEM. */
export interface AlpnChallenge {
  readonly cert: string;
  readonly key: string;
}

export interface AlpnChallenges {
  /** `serverName`: in lower case. null: none is prepared for this name. */
  alpn(serverName: string): AlpnChallenge | null;
}

/** Whether this is a CA that validates a name: it offers nothing else, for RFC 8737 3 has it send exactly this. */
export function asksForChallenge({ protocols }: ClientHello): boolean {
  return protocols.length === 1 && protocols[0] === PROTOCOL;
}

/**
 * Makes the handshake that the CA wants to see, on the listener's behalf but on terms of its own: a CA need not speak what the
 * policy asks of clients, and has no certificate to show. Nothing is ever said on the connection after it (RFC 8737 4).
 * @param raw paused, the ClientHello not taken from it
 * @param onOver called once, not within this call
 * @throws where the certificate can not be used
 */
export function answerChallenge(raw: Socket, challenge: AlpnChallenge, onOver: () => void): void {
  let isOver = false;
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    socket.destroySoon();
    onOver();
  };
  const socket = new TLSSocket(raw, {
    isServer: true,
    secureContext: contextOf(challenge),
    ALPNProtocols: [PROTOCOL],
  });
  socket.once('secure', end);
  // A CA may leave as soon as it has seen the certificate.
  socket.on('error', end);
  socket.once('close', end);
}

/** Who floods us with such handshakes is to cost no more than any client. */
const contexts = new WeakMap<AlpnChallenge, SecureContext>();

function contextOf(challenge: AlpnChallenge): SecureContext {
  const known = contexts.get(challenge);
  if (known !== undefined) return known;
  const context = createSecureContext({ ...challenge, ...policyOptions(TLS_POLICIES.intermediate) });
  contexts.set(challenge, context);
  return context;
}
