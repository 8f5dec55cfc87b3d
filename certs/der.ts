/** As much of DER (X.690) as OCSP and a look into a certificate need. */

/** What was read is not what it should be. */
export class DerError extends Error {
  override readonly name = 'DerError';
}

export interface DerValue {
  /** The identifier octet: class, whether it is constructed, number. */
  readonly tag: number;
  readonly content: Buffer;
  /** With tag and length. */
  readonly raw: Buffer;
}

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  objectIdentifier: 0x06,
  enumerated: 0x0a,
  generalizedTime: 0x18,
  sequence: 0x30,
} as const;

/** `[number]`, constructed: what is explicitly tagged, or a sequence that is implicitly. */
export function contextTag(number: number): number {
  return 0xa0 + number;
}

/** The one value that these bytes are. Throws DerError. */
export function readValue(bytes: Buffer): DerValue {
  const [value, more] = readValues(bytes);
  if (value === undefined || more !== undefined) throw new DerError('expected one value');
  return value;
}

/** What is inside. Throws DerError where it has another tag. */
export function readInside(value: DerValue | undefined, tag: number): DerValue[] {
  return readValues(contentOf(value, tag));
}

/** Throws DerError where it has another tag. */
export function contentOf(value: DerValue | undefined, tag: number): Buffer {
  if (value?.tag !== tag) throw new DerError(`expected tag ${tag}, found ${value?.tag ?? 'the end'}`);
  return value.content;
}

/** The bits of a string of whole bytes. */
export function bitsOf(value: DerValue | undefined): Buffer {
  const content = contentOf(value, TAG.bitString);
  if (content[0] !== 0) throw new DerError('expected a bit string of whole bytes');
  return content.subarray(1);
}

/** `YYYYMMDDHHMMSSZ`, as RFC 5280 4.1.2.5.2 and RFC 6960 4.2.2.1 have it. */
export function timeOf(value: DerValue | undefined): Date {
  const text = contentOf(value, TAG.generalizedTime).toString('latin1');
  const iso = text.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
  const time = new Date(iso);
  if (iso === text || Number.isNaN(time.getTime())) throw new DerError('expected a time');
  return time;
}

function readValues(bytes: Buffer): DerValue[] {
  const values: DerValue[] = [];
  for (let rest = bytes; rest.length > 0;) {
    const value = readFirst(rest);
    values.push(value);
    rest = rest.subarray(value.raw.length);
  }
  return values;
}

function readFirst(bytes: Buffer): DerValue {
  const [tag = 0, first = 0x80] = bytes;
  // Neither is in anything that is read here: tags of several bytes, and lengths to be found by looking for the end.
  if ((tag & 0x1f) === 0x1f || first === 0x80) throw new DerError('expected a tag and a length');
  let [start, length] = [2, first];
  if (first > 0x80) {
    start += first & 0x7f;
    if (start > 6 || start > bytes.length) throw new DerError('expected a length of up to four bytes');
    length = bytes.readUIntBE(2, start - 2);
  }
  if (length > bytes.length - start) throw new DerError('expected more bytes');
  return { tag, content: bytes.subarray(start, start + length), raw: bytes.subarray(0, start + length) };
}

/** The bytes of a value. */
export function writeValue(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  const digits = length.subarray(length.findIndex((byte) => byte !== 0));
  return Buffer.concat([Buffer.from([tag, 0x80 + digits.length]), digits, body]);
}
