import { randomBytes } from 'node:crypto';
import type { Server } from 'node:tls';

/** Keys of session tickets as `tls.createServer` takes them: a name, an HMAC key and an AES key of 16 bytes each. */
export interface TicketKeyring {
  /** Seals, and opens what it sealed. */
  readonly newest: Buffer;
  /** Only opens; null: there was none. */
  readonly before: Buffer | null;
}

/** What Node expects of its callback: OpenSSL's answer, then the HMAC key and the AES key, and to seal a name and an IV besides. */
type TicketAnswer = readonly [status: 0 | 1 | 2, hmac: Buffer, aes: Buffer, name?: Buffer, iv?: Buffer];

const PART_BYTES = 16;
const NOTHING = Buffer.alloc(PART_BYTES);

/**
 * Has a server open the tickets of two keys. Node's public `ticketKeys` knows one, with which every rotation would end
 * all sessions at once; the callback below it is OpenSSL's own way (SSL_CTX_set_tlsext_ticket_key_evp_cb), and Node does
 * not document it. A Node without it is left with the one key that the server was made with.
 * To be called anew whenever the server has got another context.
 */
export function openTicketsWith(server: Server, keys: () => TicketKeyring): void {
  const credentials: unknown = Reflect.get(server, '_sharedCreds');
  const context = propertyOf(credentials, 'context');
  const enable = propertyOf(context, 'enableTicketKeyCallback');
  if (typeof context !== 'object' || context === null || typeof enable !== 'function') return;
  Reflect.set(context, 'onticketkeycallback', (name: Buffer, _iv: Buffer, seals: boolean) =>
    seals ? seal(keys()) : open(keys(), name),
  );
  Reflect.apply(enable, context, []);
}

function seal({ newest }: TicketKeyring): TicketAnswer {
  return [1, hmacOf(newest), aesOf(newest), nameOf(newest), randomBytes(PART_BYTES)];
}

function open({ newest, before }: TicketKeyring, name: Buffer): TicketAnswer {
  if (nameOf(newest).equals(name)) return [1, hmacOf(newest), aesOf(newest)];
  // 2: it is good, and the client is to get another one.
  if (before !== null && nameOf(before).equals(name)) return [2, hmacOf(before), aesOf(before)];
  return [0, NOTHING, NOTHING];
}

function nameOf(key: Buffer): Buffer {
  return key.subarray(0, PART_BYTES);
}

function hmacOf(key: Buffer): Buffer {
  return key.subarray(PART_BYTES, 2 * PART_BYTES);
}

function aesOf(key: Buffer): Buffer {
  return key.subarray(2 * PART_BYTES);
}

function propertyOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
