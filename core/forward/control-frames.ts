import { randomBytes } from 'node:crypto';

const FIN = 0x80;
const PING = 0x9;
const CLOSE = 0x8;
const MASKED = 0x80;
/** "Going away" (RFC 6455 7.4.1). */
const GOING_AWAY = 1001;

/** `masked`: towards a backend, to which we are the client (RFC 6455 5.1). */
export function pingFrame(masked: boolean): Buffer {
  return controlFrame(PING, Buffer.alloc(0), masked);
}

/** A close frame with code 1001. `masked` as for a ping. */
export function closeFrame(masked: boolean): Buffer {
  const code = Buffer.alloc(2);
  code.writeUInt16BE(GOING_AWAY);
  return controlFrame(CLOSE, code, masked);
}

function controlFrame(opcode: number, payload: Buffer, masked: boolean): Buffer {
  if (!masked) return Buffer.from([FIN | opcode, payload.length, ...payload]);
  // RFC 6455 5.3: each frame has a fresh key that nobody can foretell.
  const key = randomBytes(4);
  const bytes = payload.map((byte, index) => byte ^ (key[index] ?? 0));
  return Buffer.from([FIN | opcode, MASKED | payload.length, ...key, ...bytes]);
}
