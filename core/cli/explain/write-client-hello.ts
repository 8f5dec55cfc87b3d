/**
 * The least that a client says to ask for a name and protocols: one TLS record with a ClientHello (RFC 8446 4.1.2). It is there to be
 * read, no handshake would come of it.
 */
export function writeClientHello(serverName: string | null, alpn: readonly string[]): Buffer {
  const extensions = [
    ...(serverName === null
      ? []
      : [extension(0, vector(2, Buffer.concat([Buffer.of(0), vector(2, serverName)])))]),
    ...(alpn.length === 0
      ? []
      : [extension(16, vector(2, Buffer.concat(alpn.map((name) => vector(1, name)))))]),
  ];
  const hello = Buffer.concat([
    Buffer.of(3, 3),
    Buffer.alloc(32),
    vector(1, ''),
    vector(2, Buffer.of(0x13, 0x01)),
    vector(1, Buffer.of(0)),
    vector(2, Buffer.concat(extensions)),
  ]);
  const message = Buffer.concat([Buffer.of(1, 0), vector(2, hello)]);
  return Buffer.concat([Buffer.of(22, 3, 1), vector(2, message)]);
}

function extension(type: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.of(type >> 8, type & 0xff), vector(2, content)]);
}

/** Behind its length in so many bytes. */
function vector(lengthBytes: 1 | 2, content: Buffer | string): Buffer {
  const bytes = Buffer.from(content);
  const length = Buffer.alloc(lengthBytes);
  length.writeUIntBE(bytes.length, 0, lengthBytes);
  return Buffer.concat([length, bytes]);
}
