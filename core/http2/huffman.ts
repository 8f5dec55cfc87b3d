/**
 * Lengths in bits of the Huffman codes by octet, the end-of-string symbol last (RFC 7541 appendix B).
 * The codes themselves follow: they count up by length, and by octet within a length.
 */
// prettier-ignore
const LENGTHS = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
  28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
  5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
  7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
  6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
  24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
  21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
  19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
  26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
  30,
];
const END_OF_STRING = 256;

const codes = codesOf(LENGTHS);

/** In lexical order they are the numbers of a canonical code. */
function codesOf(lengths: readonly number[]): Uint32Array {
  const symbols = lengths.map((length, symbol) => ({ length, symbol }));
  symbols.sort((a, b) => a.length - b.length || a.symbol - b.symbol);
  const found = new Uint32Array(lengths.length);
  let code = 0;
  let before = 0;
  for (const { length, symbol } of symbols) {
    code <<= length - before;
    before = length;
    found[symbol] = code++;
  }
  return found;
}

/** No symbol ends within these four bits, or the forbidden end-of-string does. */
const NONE = -1;
const FORBIDDEN = -2;

/** The decoder reads four bits at a time: by state and bits, the next state and the symbol that ends there. At most one does, since none is shorter than five bits. */
interface DecodingTables {
  readonly next: Uint16Array;
  readonly symbol: Int16Array;
  /** By state: whether a string may end there (RFC 7541 5.2: less than eight bits of ones are left). */
  readonly mayEnd: Uint8Array;
}

const { next, symbol, mayEnd } = decodingTables();

function decodingTables(): DecodingTables {
  // A tree of two children a node: a positive number is a node, a negative one the symbol -1 - n.
  const children: [number, number][] = [[0, 0]];
  for (const [value, length] of LENGTHS.entries()) {
    let node = 0;
    for (let bit = length - 1; bit >= 0; bit--) {
      const pair = children[node];
      if (pair === undefined) throw new RangeError('the tree has a hole');
      const side = ((codes[value] ?? 0) >>> bit) & 1;
      if (bit === 0) pair[side] = -1 - value;
      else {
        if (pair[side] === 0) pair[side] = children.push([0, 0]) - 1;
        node = pair[side] ?? 0;
      }
    }
  }
  const tables: DecodingTables = {
    next: new Uint16Array(children.length * 16),
    symbol: new Int16Array(children.length * 16).fill(NONE),
    mayEnd: new Uint8Array(children.length),
  };
  for (let state = 0; state < children.length; state++) {
    for (let bits = 0; bits < 16; bits++) {
      let node = state;
      for (let bit = 3; bit >= 0; bit--) {
        const child = children[node]?.[((bits >>> bit) & 1) === 1 ? 1 : 0] ?? 0;
        if (child >= 0) node = child;
        else {
          tables.symbol[state * 16 + bits] = -1 - child === END_OF_STRING ? FORBIDDEN : -1 - child;
          node = 0;
        }
      }
      tables.next[state * 16 + bits] = node;
    }
  }
  let ones = 0;
  for (let depth = 0; depth < 8; depth++) {
    tables.mayEnd[ones] = 1;
    ones = children[ones]?.[1] ?? 0;
  }
  return tables;
}

let scratch = Buffer.allocUnsafeSlow(4096);

/**
 * Decodes a whole string.
 * @returns latin1, or null for what is no Huffman-coded string (RFC 7541 5.2)
 */
export function huffmanDecode(bytes: Buffer, from: number, to: number): string | null {
  // The shortest code has five bits.
  const most = Math.ceil(((to - from) * 8) / 5);
  if (most > scratch.length) scratch = Buffer.allocUnsafeSlow(most);
  let state = 0;
  let length = 0;
  for (let index = from; index < to; index++) {
    const byte = bytes[index] ?? 0;
    let at = state * 16 + (byte >>> 4);
    let found = symbol[at] ?? FORBIDDEN;
    if (found >= 0) scratch[length++] = found;
    else if (found === FORBIDDEN) return null;
    at = (next[at] ?? 0) * 16 + (byte & 15);
    found = symbol[at] ?? FORBIDDEN;
    if (found >= 0) scratch[length++] = found;
    else if (found === FORBIDDEN) return null;
    state = next[at] ?? 0;
  }
  return mayEnd[state] === 1 ? scratch.toString('latin1', 0, length) : null;
}

/** How many bytes a latin1 string takes. */
export function huffmanLength(text: string): number {
  let bits = 0;
  for (let index = 0; index < text.length; index++) bits += LENGTHS[text.charCodeAt(index) & 0xff] ?? 0;
  return (bits + 7) >>> 3;
}

/** Writes a latin1 string; `bytes` has room for `huffmanLength`. */
export function huffmanEncode(text: string, bytes: Buffer, offset: number): void {
  let at = offset;
  // Up to 7 bits wait, so that 24 more fit into an integer of V8's.
  let waiting = 0;
  let count = 0;
  for (let index = 0; index < text.length; index++) {
    const octet = text.charCodeAt(index) & 0xff;
    let code = codes[octet] ?? 0;
    let length = LENGTHS[octet] ?? 0;
    if (length > 24) {
      // The first byte goes ahead; what stays below has at most 22 bits.
      length -= 8;
      waiting = (waiting << 8) | (code >>> length);
      bytes[at++] = waiting >>> count;
      waiting &= (1 << count) - 1;
      code &= (1 << length) - 1;
    }
    waiting = (waiting << length) | code;
    count += length;
    while (count >= 8) {
      count -= 8;
      bytes[at++] = waiting >>> count;
    }
    waiting &= (1 << count) - 1;
  }
  // The end-of-string symbol begins with ones.
  if (count > 0) bytes[at] = (waiting << (8 - count)) | (0xff >>> count);
}
