import { DynamicTable } from './dynamic-table.ts';
import { connectionError, ErrorCode, type Http2Error } from './errors.ts';
import { huffmanDecode } from './huffman.ts';
import { STATIC_TABLE } from './static-table.ts';

/** Integers end here: no index or length of ours is larger. */
const MAX_INTEGER = 2 ** 24;

/** Takes the fields of one connection's header blocks, which have to come in their order (RFC 7541). */
export class HpackDecoder {
  readonly #table: DynamicTable;
  readonly #maxTableBytes: number;
  #block: Buffer = Buffer.alloc(0);
  #at = 0;

  /** `maxTableBytes`: what our SETTINGS_HEADER_TABLE_SIZE says. */
  constructor(maxTableBytes: number) {
    this.#maxTableBytes = maxTableBytes;
    this.#table = new DynamicTable(maxTableBytes);
  }

  /**
   * Decodes a whole header block. Names and values are latin1, and may hold any octet.
   * @throws Http2Error COMPRESSION_ERROR of the connection
   */
  decode(block: Buffer, onField: (name: string, value: string) => void): void {
    this.#block = block;
    this.#at = 0;
    let mayResize = true;
    while (this.#at < block.length) {
      const first = block[this.#at] ?? 0;
      if (first >= 0x80) {
        const index = this.#integer(7);
        onField(this.#name(index), this.#value(index));
      } else if (first >= 0x40) {
        const name = this.#literalName(6);
        const value = this.#string();
        this.#table.add(name, value);
        onField(name, value);
      } else if (first >= 0x20) {
        // RFC 7541 4.2: at the beginning of a block only.
        const bytes = this.#integer(5);
        if (!mayResize || bytes > this.#maxTableBytes) throw broken('a table size update out of place');
        this.#table.resize(bytes);
        continue;
      } else {
        const name = this.#literalName(4);
        onField(name, this.#string());
      }
      mayResize = false;
    }
  }

  #name(index: number): string {
    const name =
      index <= STATIC_TABLE.length
        ? STATIC_TABLE[index - 1]?.[0]
        : this.#table.name(index - STATIC_TABLE.length - 1);
    if (name === undefined) throw broken('an index of no entry');
    return name;
  }

  #value(index: number): string {
    const value =
      index <= STATIC_TABLE.length
        ? STATIC_TABLE[index - 1]?.[1]
        : this.#table.value(index - STATIC_TABLE.length - 1);
    if (value === undefined) throw broken('an index of no entry');
    return value;
  }

  #literalName(prefixBits: number): string {
    const index = this.#integer(prefixBits);
    return index === 0 ? this.#string() : this.#name(index);
  }

  /** RFC 7541 5.1. */
  #integer(prefixBits: number): number {
    const most = (1 << prefixBits) - 1;
    let value = (this.#block[this.#at++] ?? 0) & most;
    if (value < most) return value;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#block[this.#at++];
      if (byte === undefined) throw broken('an integer that is cut short');
      value += (byte & 0x7f) * 2 ** shift;
      if (value > MAX_INTEGER || shift > 28) throw broken('an integer that is too large');
      if (byte < 0x80) return value;
    }
  }

  /** RFC 7541 5.2. */
  #string(): string {
    const isHuffman = (this.#block[this.#at] ?? 0) >= 0x80;
    const length = this.#integer(7);
    const from = this.#at;
    const to = from + length;
    if (to > this.#block.length) throw broken('a string that is cut short');
    this.#at = to;
    if (!isHuffman) return this.#block.toString('latin1', from, to);
    const text = huffmanDecode(this.#block, from, to);
    if (text === null) throw broken('a string that is no Huffman code');
    return text;
  }
}

function broken(what: string): Http2Error {
  return connectionError(ErrorCode.CompressionError, `the header block holds ${what}`);
}
