import { createHash, X509Certificate, webcrypto } from 'node:crypto';
import { connect } from 'node:tls';

import * as x509 from '@peculiar/x509';
import { newPrivateKey, webKeys } from './certificate-request.ts';
import type { ChallengeSolver, PreparedChallenge } from './challenges.ts';
import { orAborted } from './or-aborted.ts';
import { OWN_CHECK_MS, type FindOwnListener, type OwnListener } from './own-listener.ts';
import type { PostedChallenges } from './posted-challenges.ts';

/** A CA that validates for days is none. */
const VALID_MS = 7 * 24 * 3_600_000;

interface AlpnCertificate {
  readonly cert: string;
  readonly key: string;
}

/** RFC 8737: the CA makes a handshake on port 443 of the name, and reads the answer from the certificate. */
export class TlsAlpn01Solver implements ChallengeSolver {
  readonly type = 'tls-alpn-01';
  readonly #posted: PostedChallenges;
  readonly #ownListener: FindOwnListener;
  /** By token. */
  readonly #presented = new Map<string, AlpnCertificate>();

  constructor(posted: PostedChallenges, ownListener: FindOwnListener) {
    this.#posted = posted;
    this.#ownListener = ownListener;
  }

  obstacle(name: string): string | null {
    if (name.startsWith('*.')) return 'a wildcard needs dns-01';
    return this.#ownListener() === null ? 'there is no https listener' : null;
  }

  async present({ name, token, keyAuthorization }: PreparedChallenge, signal: AbortSignal): Promise<void> {
    const certificate = await createAlpnCertificate(name, keyAuthorization);
    this.#presented.set(token, certificate);
    await orAborted(this.#posted.addAlpn(name, certificate), signal);
    const listener = this.#ownListener();
    if (listener === null) throw new Error('there is no https listener any more');
    const found = await ask(listener, name, AbortSignal.any([signal, AbortSignal.timeout(OWN_CHECK_MS)]));
    if (found === null || !found.equals(new X509Certificate(certificate.cert).raw))
      throw new Error(
        `expected our own listener to present the challenge's certificate for ${name}, found ${found === null ? 'no acme-tls/1' : 'another one'}`,
      );
  }

  async remove({ name, token }: PreparedChallenge): Promise<void> {
    const certificate = this.#presented.get(token);
    if (certificate === undefined) return;
    this.#presented.delete(token);
    await this.#posted.removeAlpn(name, certificate);
  }
}

/** RFC 8737 3: the name alone, and the digest of the key authorization in a critical extension. */
async function createAlpnCertificate(name: string, keyAuthorization: string): Promise<AlpnCertificate> {
  const key = await newPrivateKey('ecdsa-p256');
  const digest = createHash('sha256').update(keyAuthorization).digest();
  const now = Date.now();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      ...webKeys(key, 'ecdsa-p256'),
      name: 'CN=ACME challenge',
      notBefore: new Date(now - VALID_MS),
      notAfter: new Date(now + VALID_MS),
      extensions: [
        new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: name }]),
        // An OCTET STRING of 32 bytes in the OCTET STRING of the extension.
        new x509.Extension('1.3.6.1.5.5.7.1.31', true, Buffer.concat([Buffer.from([0x04, 0x20]), digest])),
      ],
    },
    webcrypto,
  );
  return { cert: certificate.toString('pem'), key };
}

/** @returns the certificate that is presented, as DER; null where the protocol was not agreed on */
async function ask({ host, port }: OwnListener, name: string, signal: AbortSignal): Promise<Buffer | null> {
  const answer = Promise.withResolvers<Buffer | null>();
  const socket = connect({
    host,
    port,
    servername: name,
    ALPNProtocols: ['acme-tls/1'],
    // It is compared with the one that was made.
    rejectUnauthorized: false,
  });
  const abort = (): void => void socket.destroy(new Error('no handshake in time'));
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  socket.on('error', answer.reject);
  socket.on('close', () => answer.reject(new Error('the handshake was cut')));
  socket.on('secureConnect', () => {
    answer.resolve(socket.alpnProtocol === 'acme-tls/1' ? socket.getPeerCertificate().raw : null);
  });
  try {
    return await answer.promise;
  } finally {
    signal.removeEventListener('abort', abort);
    socket.destroy();
  }
}
