import { once } from 'node:events';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { onTestFinished } from 'vitest';
import { authority } from './certificates.ts';
import { RawClient } from './raw-client.ts';

/** Like `RawClient`, over TLS. */
export class TlsClient extends RawClient {
  readonly tls: TLSSocket;

  constructor(socket: TLSSocket) {
    super(socket);
    this.tls = socket;
  }

  /** The name in the certificate that the server presented. */
  get certificateName(): string {
    return this.tls.getPeerCertificate().subject.CN?.toString() ?? '';
  }

  /** SHA-256 of that certificate. */
  get fingerprint(): string {
    return this.tls.getPeerCertificate().fingerprint256;
  }
}

/** A connection to one.test whose handshake is over as far as the client can tell; rejects with the error of one that fails. */
export async function connectTls(port: number, options: ConnectionOptions = {}): Promise<TlsClient> {
  const socket = connect({ port, host: '127.0.0.1', ca: authority, servername: 'one.test', ...options });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'secureConnect');
  return new TlsClient(socket);
}

/** The code of the error that ends an attempt to connect and to send a request. */
export async function refusal(port: number, options: ConnectionOptions = {}): Promise<string> {
  try {
    const client = await connectTls(port, options);
    // With TLS 1.3 the client is done before the server has judged what the client sent last.
    const error = once(client.tls, 'error');
    client.send('GET / HTTP/1.1\r\nHost: one.test\r\n\r\n');
    const [cause] = await Promise.race([error, client.end().then(() => [new Error(client.buffered)])]);
    return codeOf(cause);
  } catch (error) {
    return codeOf(error);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
