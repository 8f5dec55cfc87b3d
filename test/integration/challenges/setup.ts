import { once } from 'node:events';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { onTestFinished } from 'vitest';
import { certificate } from '../../support/certificates.ts';
import type { Challenges } from '../../../core/shared/challenges.ts';

export const token = 'evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr_oA';
export const answer = `${token}.9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI`;

export function challengeTarget(of = token): string {
  return `/.well-known/acme-challenge/${of}`;
}

/** One of each kind, for `site.test`. The worker does not look into the certificate: that of two.test stands for it. */
export const challenges: Challenges = {
  http: { [token]: { name: 'site.test', answer } },
  alpn: { 'site.test': certificate('two') },
};

/** A CA's connection for TLS-ALPN-01, its handshake over; rejects with the error of one that fails. */
export async function validate(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({
    port,
    host: '127.0.0.1',
    servername: 'site.test',
    ALPNProtocols: ['acme-tls/1'],
    rejectUnauthorized: false,
    ...options,
  });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}
