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

const staticNames = new Map<string, number>();
const staticFields = new Map<string, number>();
for (const [index, [name, value]] of STATIC_TABLE.entries()) {
  if (!staticNames.has(name)) staticNames.set(name, index + 1);
  if (value !== '') staticFields.set(`${name}\n${value}`, index + 1);
}

/** Writes the header blocks of one connection, which have to be sent in the order in which they were encoded (RFC 7541). */
export class HpackEncoder {
  readonly #table = new DynamicTable(MAX_TABLE_BYTES);
  /** Field → its number in the table (see `DynamicTable.added`); what is evicted is forgotten when it is looked up. */
  readonly #numbers = new Map<string, number>();
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
    const key = `${name}\n${value}`;
    const index = staticFields.get(key) ?? this.#find(key);
    if (index !== undefined) return this.#integer(0x80, 7, index);
    const nameIndex = staticNames.get(name) ?? 0;
    const isSecret = SECRET.has(name);
    const isAdded = !isSecret && this.#maxTableBytes > 0 && !NOT_WORTH_INDEXING.has(name);
    if (isAdded) this.#integer(0x40, 6, nameIndex);
    else this.#integer(isSecret ? 0x10 : 0x00, 4, nameIndex);
    if (nameIndex === 0) this.#string(name);
    this.#string(value);
    if (!isAdded) return;
    this.#table.add(name, value);
    this.#numbers.set(key, this.#table.added);
    if (this.#numbers.size > 2 * this.#table.length + 64) this.#forgetEvicted();
  }

  #find(key: string): number | undefined {
    const number = this.#numbers.get(key);
    if (number === undefined) return undefined;
    const age = this.#table.added - number;
    if (age < this.#table.length) return STATIC_TABLE.length + 1 + age;
    this.#numbers.delete(key);
    return undefined;
  }

  #forgetEvicted(): void {
    const oldest = this.#table.added - this.#table.length;
    for (const [key, number] of this.#numbers) if (number <= oldest) this.#numbers.delete(key);
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
