import type { TLSSocket } from 'node:tls';
import type { PeerTls } from '../../exchange/streams.ts';
import { readServerName, type TlsInfo } from '../../shared/tls-info.ts';

/** What rules and backends may know of a connection whose handshake is over. */
export function describeTls(socket: TLSSocket): PeerTls {
  const { servername } = socket;
  const info: TlsInfo = {
    serverName: typeof servername === 'string' ? readServerName(servername) : null,
    protocol: socket.getProtocol() ?? 'unknown',
    cipher: socket.getCipher().name,
    client: clientCertificate(socket),
  };
  return { ...info, text: JSON.stringify(info) };
}

function clientCertificate(socket: TLSSocket): TlsInfo['client'] {
  // One that nobody has verified is not shown to anybody.
  const certificate = socket.authorized ? socket.getPeerX509Certificate() : undefined;
  if (certificate === undefined) return null;
  const { subject, issuer, fingerprint256, validToDate } = certificate;
  return {
    subject: distinguishedName(subject),
    issuer: distinguishedName(issuer),
    fingerprint256,
    notAfter: validToDate.toISOString(),
  };
}

/**
 * RFC 4514. Node gives a line for each part, least specific first, with what could be
 * taken for a separator escaped; what is not ASCII becomes the bytes of its UTF-8 (2.4 there), so that it can stand in a header.
 */
function distinguishedName(lines: string): string {
  return lines
    .split('\n')
    .reverse()
    .join(',')
    .replace(/[^\x20-\x7e]/gu, (character) =>
      [...Buffer.from(character)]
        .map((byte) => `\\${byte.toString(16).toUpperCase().padStart(2, '0')}`)
        .join(''),
    );
}
