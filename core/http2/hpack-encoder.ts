import { DynamicTable } from './dynamic-table.ts';
import { huffmanEncode, huffmanLength } from './huffman.ts';
import { STATIC_TABLE } from './static-table.ts';

export type FieldLine = readonly [name: string, value: string];

/** Our memory for a connection's fields, however much the peer would keep. */
const MAX_TABLE_BYTES = 4096;

/** Differ from message to message: an entry would only push out others. */
const NOT_WORTH_INDEXING = new Set([
  ':path',
  'age',
  'content-length',
  'content-range',
  'etag',
  'expires',
  'if-modified-since',
  'if-none-match',
  'last-modified',
  'location',
  'range',
  'traceparent',
  'x-request-id',
]);
/** RFC 7541 7.1.3: who can have fields of his own sent beside these must not be able to guess them by their compressed size. */
const SECRET = new Set(['authorization', 'cookie', 'proxy-authorization', 'set-cookie']);

/** What is known of a name before any message. */
interface KnownName {
  /** Of the name in the static table; 0 for none. */
  readonly index: number;
  /** Value → index of the field in the static table. */
  readonly values: Map<string, number>;
  readonly isSecret: boolean;
  readonly isIndexed: boolean;
}

const UNKNOWN: KnownName = knownName('', 0);
const knownNames = new Map<string, KnownName>();
for (const [at, [name, value]] of STATIC_TABLE.entries()) {
  const known = knownNames.get(name) ?? knownName(name, at + 1);
  knownNames.set(name, known);
  if (value !== '') known.values.set(value, at + 1);
}
for (const name of [...NOT_WORTH_INDEXING, ...SECRET])
  if (!knownNames.has(name)) knownNames.set(name, knownName(name, 0));

function knownName(name: string, index: number): KnownName {
  const isSecret = SECRET.has(name);
  return { index, values: new Map(), isSecret, isIndexed: !isSecret && !NOT_WORTH_INDEXING.has(name) };
}

/** Writes the header blocks of one connection, which have to be sent in the order in which they were encoded (RFC 7541). */
export class HpackEncoder {
  readonly #table = new DynamicTable(MAX_TABLE_BYTES);
  /** Name → value → the field's number in the table (see `DynamicTable.added`); what is evicted is forgotten now and then. */
  readonly #numbers = new Map<string, Map<string, number>>();
  /** How many numbers are kept. */
  #kept = 0;
  #maxTableBytes = MAX_TABLE_BYTES;
  /** Sizes to be announced at the beginning of the next block: the smallest since the last one, and the present one (RFC 7541 4.2). */
  #announced: number[] = [];
  #bytes = Buffer.allocUnsafeSlow(1024);
  #at = 0;

  /** The peer's SETTINGS_HEADER_TABLE_SIZE. */
  setMaxTableBytes(bytes: number): void {
    const size = Math.min(bytes, MAX_TABLE_BYTES);
    if (size === this.#maxTableBytes) return;
    const smallest = Math.min(size, ...this.#announced);
    this.#announced = smallest < size ? [smallest, size] : [size];
    this.#maxTableBytes = size;
    this.#table.resize(smallest);
    this.#table.resize(size);
  }

  /**
   * `fields`: names in lower case, all latin1.
   * @returns a header block; valid until the next one
   */
  encode(fields: readonly FieldLine[]): Buffer {
    this.#at = 0;
    for (const size of this.#announced) this.#integer(0x20, 5, size);
    this.#announced = [];
    for (const [name, value] of fields) this.#field(name, value);
    return this.#bytes.subarray(0, this.#at);
  }

  #field(name: string, value: string): void {
    const known = knownNames.get(name) ?? UNKNOWN;
    const index = known.values.get(value) ?? this.#find(name, value);
    if (index !== undefined) return this.#integer(0x80, 7, index);
    const isAdded = known.isIndexed && this.#maxTableBytes > 0;
    if (isAdded) this.#integer(0x40, 6, known.index);
    else this.#integer(known.isSecret ? 0x10 : 0x00, 4, known.index);
    if (known.index === 0) this.#string(name);
    this.#string(value);
    if (isAdded) this.#remember(name, value);
  }

  #find(name: string, value: string): number | undefined {
    const number = this.#numbers.get(name)?.get(value);
    if (number === undefined) return undefined;
    const age = this.#table.added - number;
    return age < this.#table.length ? STATIC_TABLE.length + 1 + age : undefined;
  }

  #remember(name: string, value: string): void {
    this.#table.add(name, value);
    let ofName = this.#numbers.get(name);
    if (ofName === undefined) this.#numbers.set(name, (ofName = new Map<string, number>()));
    if (!ofName.has(value)) this.#kept += 1;
    ofName.set(value, this.#table.added);
    if (this.#kept > 2 * this.#table.length + 64) this.#forgetEvicted();
  }

  #forgetEvicted(): void {
    const oldest = this.#table.added - this.#table.length;
    for (const [name, ofName] of this.#numbers) {
      for (const [value, number] of ofName) {
        if (number > oldest) continue;
        ofName.delete(value);
        this.#kept -= 1;
      }
      if (ofName.size === 0) this.#numbers.delete(name);
    }
  }

  #string(text: string): void {
    const coded = huffmanLength(text);
    if (coded < text.length) {
      this.#integer(0x80, 7, coded);
      this.#reserve(coded);
      huffmanEncode(text, this.#bytes, this.#at);
      this.#at += coded;
    } else {
      this.#integer(0x00, 7, text.length);
      this.#reserve(text.length);
      this.#at += this.#bytes.write(text, this.#at, 'latin1');
    }
  }

  /** RFC 7541 5.1. */
  #integer(pattern: number, prefixBits: number, value: number): void {
    this.#reserve(8);
    const most = (1 << prefixBits) - 1;
    if (value < most) {
      this.#bytes[this.#at++] = pattern | value;
      return;
    }
    this.#bytes[this.#at++] = pattern | most;
    let left = value - most;
    while (left >= 0x80) {
      this.#bytes[this.#at++] = (left & 0x7f) | 0x80;
      left >>>= 7;
    }
    this.#bytes[this.#at++] = left;
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#at + bytes, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#at);
    this.#bytes = grown;
  }
}
