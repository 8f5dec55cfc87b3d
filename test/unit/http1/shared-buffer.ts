const BUFFER = Buffer.alloc(64 * 1024);

/** Hands over bytes as a socket does: in a buffer that the next read overwrites, here at once. */
export function deliver(to: { receive(piece: Buffer): void }, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; at += BUFFER.length) {
    const length = bytes.copy(BUFFER, 0, at);
    to.receive(BUFFER.subarray(0, length));
    BUFFER.fill('!', 0, length);
  }
}
