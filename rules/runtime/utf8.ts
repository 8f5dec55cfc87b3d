/** UTF-8 both ways, as the Encoding Standard has it: a bare V8 isolate has none. */

export function encodeUtf8(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length * 3);
  let length = 0;
  for (const character of text) {
    // A lone surrogate becomes U+FFFD.
    let point = character.codePointAt(0) ?? 0xfffd;
    if (point >= 0xd800 && point <= 0xdfff) point = 0xfffd;
    if (point < 0x80) {
      bytes[length++] = point;
    } else if (point < 0x800) {
      bytes[length++] = 0xc0 | (point >> 6);
      bytes[length++] = 0x80 | (point & 0x3f);
    } else if (point < 0x10000) {
      bytes[length++] = 0xe0 | (point >> 12);
      bytes[length++] = 0x80 | ((point >> 6) & 0x3f);
      bytes[length++] = 0x80 | (point & 0x3f);
    } else {
      bytes[length++] = 0xf0 | (point >> 18);
      bytes[length++] = 0x80 | ((point >> 12) & 0x3f);
      bytes[length++] = 0x80 | ((point >> 6) & 0x3f);
      bytes[length++] = 0x80 | (point & 0x3f);
    }
  }
  return bytes.slice(0, length);
}

/** The Encoding Standard's UTF-8 decoder; `fatal` throws a TypeError where it would write U+FFFD. */
export function decodeUtf8(bytes: Uint8Array, fatal: boolean): string {
  let text = '';
  let index = 0;
  while (index < bytes.length) {
    const first = bytes[index++] ?? 0;
    if (first < 0x80) {
      text += String.fromCharCode(first);
      continue;
    }
    let needed = 0;
    let point = 0;
    // The second byte's range excludes overlong forms, surrogates and what lies beyond U+10FFFF.
    let lower = 0x80;
    let upper = 0xbf;
    if (first >= 0xc2 && first <= 0xdf) {
      needed = 1;
      point = first & 0x1f;
    } else if (first >= 0xe0 && first <= 0xef) {
      needed = 2;
      point = first & 0xf;
      if (first === 0xe0) lower = 0xa0;
      if (first === 0xed) upper = 0x9f;
    } else if (first >= 0xf0 && first <= 0xf4) {
      needed = 3;
      point = first & 0x7;
      if (first === 0xf0) lower = 0x90;
      if (first === 0xf4) upper = 0x8f;
    }
    let valid = needed > 0;
    while (valid && needed > 0) {
      const next = bytes[index];
      if (next === undefined || next < lower || next > upper) {
        valid = false;
        break;
      }
      lower = 0x80;
      upper = 0xbf;
      point = (point << 6) | (next & 0x3f);
      needed--;
      index++;
    }
    if (!valid && fatal) throw new TypeError('the bytes are not valid UTF-8');
    text += valid ? String.fromCodePoint(point) : '\ufffd';
  }
  return text;
}
