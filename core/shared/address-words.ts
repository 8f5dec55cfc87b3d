/**
 * The address that was read last: word 0 for IPv4, all four for IPv6. Shared, so that reading an address makes
 * no object; whoever reads one compares it before another is read.
 */
export const words = new Uint32Array(4);

const ZONE = /^[^%]+%[0-9A-Za-z.:-]+$/;

/** Reads an address into `words` and says what it is; 0: no address. */
export function readAddress(text: string): 0 | 4 | 6 {
  const colon = text.indexOf(':');
  if (colon === -1) return readV4(text, 0, text.length, 0) ? 4 : 0;
  const zone = text.indexOf('%');
  if (zone !== -1 && !ZONE.test(text)) return 0;
  if (!readV6(text, zone === -1 ? text.length : zone)) return 0;
  if (words[0] !== 0 || words[1] !== 0 || words[2] !== 0xffff) return 6;
  words[0] = words[3] ?? 0;
  return 4;
}

/** `a.b.c.d` from `start` to `end`, decimal without leading zeros (which some read as octal), into one word. */
function readV4(text: string, start: number, end: number, word: number): boolean {
  let address = 0;
  let octet = 0;
  let digits = 0;
  let octets = 0;
  for (let i = start; i <= end; i++) {
    const code = i === end ? 46 : text.charCodeAt(i);
    if (code >= 48 && code <= 57) {
      if (digits > 0 && octet === 0) return false;
      octet = octet * 10 + code - 48;
      digits++;
      if (octet > 255) return false;
    } else if (code === 46 && digits > 0 && octets < 4) {
      address = address * 256 + octet;
      octet = 0;
      digits = 0;
      octets++;
    } else {
      return false;
    }
  }
  words[word] = address;
  return octets === 4;
}

/** The eight groups of an IPv6 address, while it is read. */
const groups = new Uint16Array(8);

/** RFC 4291 2.2: eight groups of hex digits, one run of zeros as `::`, the last two groups maybe as IPv4; up to `end`. */
function readV6(text: string, end: number): boolean {
  let count = 0;
  let gap = -1;
  let i = 0;
  if (text.startsWith('::')) {
    gap = 0;
    i = 2;
  }
  while (i < end) {
    const start = i;
    let group = 0;
    let digit = hexDigit(text.charCodeAt(i));
    while (i < end && digit !== -1 && i - start < 4) {
      group = group * 16 + digit;
      i++;
      digit = i < end ? hexDigit(text.charCodeAt(i)) : -1;
    }
    if (i < end && text.charCodeAt(i) === 46) {
      if (!readV4(text, start, end, 3)) return false;
      const address = words[3] ?? 0;
      groups[count++] = address >>> 16;
      groups[count++] = address & 0xffff;
      break;
    }
    if (i === start || count === 8) return false;
    groups[count++] = group;
    if (i === end) break;
    if (text.charCodeAt(i++) !== 58 || i === end) return false;
    if (text.charCodeAt(i) === 58) {
      if (gap !== -1) return false;
      gap = count;
      i++;
    }
  }
  return spreadGroups(count, gap);
}

/** Into `words`, with the zeros that `::` (before group `gap`; -1: there is none) stands for. */
function spreadGroups(count: number, gap: number): boolean {
  if (gap === -1 ? count !== 8 : count > 7) return false;
  const zeros = 8 - count;
  const lowest = gap === -1 ? 8 : gap;
  for (let to = 7, from = count - 1; to >= lowest; to--) {
    groups[to] = to >= lowest + zeros ? (groups[from--] ?? 0) : 0;
  }
  for (let i = 0; i < 4; i++) {
    words[i] = (((groups[2 * i] ?? 0) << 16) | (groups[2 * i + 1] ?? 0)) >>> 0;
  }
  return true;
}

function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const letter = code | 0x20;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}
