import { createHmac, timingSafeEqual } from 'node:crypto';
import type { TsigAlgorithm } from '../core/shared/certificates-config.ts';

/** A key that the server of a zone knows (RFC 8945). */
export interface TsigKey {
  readonly name: string;
  readonly algorithm: TsigAlgorithm;
  readonly secret: Buffer;
}

export interface TxtChange {
  readonly kind: 'add' | 'remove';
  readonly name: string;
  readonly value: string;
  readonly ttl: number;
}

const types = { soa: 6, txt: 16, tsig: 250 };
const classes = { in: 1, none: 254, any: 255 };
const OPCODE_UPDATE = 5 << 11;
const FUDGE_SECONDS = 300;
const HEADER_BYTES = 12;

/** An update of one TXT record (RFC 2136 2), unsigned. */
export function encodeUpdate(id: number, zone: string, change: TxtChange): Buffer {
  // A zone, no prerequisites, one update, nothing additional.
  const header = words(id, OPCODE_UPDATE, 1, 0, 1, 0);
  const value = Buffer.from(change.value, 'latin1');
  if (value.length > 255) throw new RangeError('a TXT string has 255 bytes at most');
  const data = Buffer.concat([Buffer.from([value.length]), value]);
  const isAdded = change.kind === 'add';
  return Buffer.concat([
    header,
    encodeName(zone),
    words(types.soa, classes.in),
    encodeName(change.name),
    // RFC 2136 2.5.1 and 2.5.4.
    words(types.txt, isAdded ? classes.in : classes.none),
    long(isAdded ? change.ttl : 0),
    words(data.length),
    data,
  ]);
}

/** Signs a message (RFC 8945 5.1). `mac`: to check the answer with. */
export function signMessage(
  message: Buffer,
  key: TsigKey,
  nowSeconds: number,
): { readonly signed: Buffer; readonly mac: Buffer } {
  const time = timeWords(nowSeconds);
  const mac = macOf(key, [message, tsigVariables(key, time, 0, Buffer.alloc(0))]);
  const data = Buffer.concat([
    encodeName(key.algorithm),
    time,
    words(mac.length),
    mac,
    words(message.readUInt16BE(0), 0, 0),
  ]);
  const record = Buffer.concat([
    encodeName(key.name),
    words(types.tsig, classes.any),
    long(0),
    words(data.length),
    data,
  ]);
  const signed = Buffer.concat([message, record]);
  signed.writeUInt16BE(message.readUInt16BE(10) + 1, 10);
  return { signed, mac };
}

/** The response code of an answer to an update (RFC 2136 2.2). Throws an Error for what is no answer to it. */
export function readAnswer(answer: Buffer, id: number): number {
  if (answer.length < HEADER_BYTES || answer.readUInt16BE(0) !== id)
    throw new Error('the DNS server answered something else');
  const flags = answer.readUInt16BE(2);
  if ((flags & 0xf800) !== (0x8000 | OPCODE_UPDATE)) throw new Error('the DNS server answered no update');
  return flags & 0xf;
}

/**
 * What the signature of an answer says (RFC 8945 5.3): an error in ours, or null. Throws an Error for one that is
 * not of our key. A refusal needs none: a server signs nothing for a zone that it does not have.
 */
export function checkAnswer(answer: Buffer, key: TsigKey, mac: Buffer, nowSeconds: number): string | null {
  const tsig = findTsig(answer);
  if (tsig === null) {
    if ((answer.readUInt16BE(2) & 0xf) !== 0) return null;
    throw new Error('the DNS server did not sign its answer');
  }
  const error = TSIG_ERRORS[tsig.error];
  // RFC 8945 5.2.1 and 5.2.2: with these there is no signature.
  if (error !== undefined && tsig.mac.length === 0) return error;
  const unsigned = Buffer.from(answer.subarray(0, tsig.start));
  unsigned.writeUInt16BE(tsig.originalId, 0);
  unsigned.writeUInt16BE(answer.readUInt16BE(10) - 1, 10);
  const expected = macOf(key, [
    words(mac.length),
    mac,
    unsigned,
    tsigVariables(key, tsig.time, tsig.error, tsig.other),
  ]);
  if (tsig.mac.length !== expected.length || !timingSafeEqual(tsig.mac, expected))
    throw new Error('the signature of the DNS server is not of our key');
  if (error !== undefined) return error;
  if (Math.abs(tsig.time.readUIntBE(0, 6) - nowSeconds) > FUDGE_SECONDS)
    throw new Error('the clock of the DNS server differs from ours');
  return null;
}

const TSIG_ERRORS: Readonly<Record<number, string>> = {
  16: 'BADSIG: our signature is wrong',
  17: 'BADKEY: it does not know our key',
  18: 'BADTIME: its clock differs from ours',
  22: 'BADTRUNC: our signature is too short',
};

interface Tsig {
  /** Where its record begins. */
  readonly start: number;
  readonly time: Buffer;
  readonly mac: Buffer;
  readonly originalId: number;
  readonly error: number;
  readonly other: Buffer;
}

/** The last record of a message, if it is a signature. Throws a RangeError where the message ends too early. */
function findTsig(message: Buffer): Tsig | null {
  let at = HEADER_BYTES;
  for (let left = message.readUInt16BE(4); left > 0; left--) at = afterName(message, at) + 4;
  let records = message.readUInt16BE(6) + message.readUInt16BE(8) + message.readUInt16BE(10);
  if (message.readUInt16BE(10) === 0) return null;
  for (; records > 1; records--) at = afterRecord(message, at);
  const start = at;
  at = afterName(message, at);
  if (message.readUInt16BE(at) !== types.tsig) return null;
  at = afterName(message, at + 10);
  const macBytes = message.readUInt16BE(at + 8);
  const afterMac = at + 10 + macBytes;
  const otherBytes = message.readUInt16BE(afterMac + 4);
  if (afterMac + 6 + otherBytes !== message.length) throw new RangeError('the message ends elsewhere');
  return {
    start,
    time: message.subarray(at, at + 8),
    mac: message.subarray(at + 10, afterMac),
    originalId: message.readUInt16BE(afterMac),
    error: message.readUInt16BE(afterMac + 2),
    other: message.subarray(afterMac + 6),
  };
}

function afterRecord(message: Buffer, start: number): number {
  const at = afterName(message, start);
  return at + 10 + message.readUInt16BE(at + 8);
}

/** RFC 1035 4.1.4: a pointer ends a name. */
function afterName(message: Buffer, start: number): number {
  for (let at = start; ;) {
    const length = message.readUInt8(at);
    if (length === 0) return at + 1;
    if (length >= 0xc0) return at + 2;
    at += 1 + length;
  }
}

/** `time`: with the fudge. RFC 8945 4.3.3. */
function tsigVariables(key: TsigKey, time: Buffer, error: number, other: Buffer): Buffer {
  return Buffer.concat([
    encodeName(key.name.toLowerCase()),
    words(classes.any),
    long(0),
    encodeName(key.algorithm),
    time,
    words(error, other.length),
    other,
  ]);
}

function timeWords(seconds: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUIntBE(seconds, 0, 6);
  bytes.writeUInt16BE(FUDGE_SECONDS, 6);
  return bytes;
}

function macOf(key: TsigKey, parts: readonly Buffer[]): Buffer {
  const hmac = createHmac(key.algorithm.replace('hmac-', ''), key.secret);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}

/** Uncompressed (RFC 1035 3.1). Throws a RangeError for what is no name. */
function encodeName(name: string): Buffer {
  const labels = name.replace(/\.$/, '').split('.');
  const parts = labels.flatMap((label) => {
    const bytes = Buffer.from(label, 'latin1');
    if (bytes.length === 0 || bytes.length > 63) throw new RangeError(`not a DNS name: ${name}`);
    return [Buffer.from([bytes.length]), bytes];
  });
  const encoded = Buffer.concat([...parts, Buffer.from([0])]);
  if (encoded.length > 255) throw new RangeError(`not a DNS name: ${name}`);
  return encoded;
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  for (const [index, value] of values.entries()) bytes.writeUInt16BE(value, index * 2);
  return bytes;
}

function long(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value, 0);
  return bytes;
}
