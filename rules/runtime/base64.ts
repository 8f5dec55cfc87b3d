const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** The web's btoa: base64 of a string of bytes. */
export function btoa(data: string): string {
  const text = String(data);
  let out = '';
  for (let index = 0; index < text.length; index += 3) {
    const [a, b, c] = [text.charCodeAt(index), text.charCodeAt(index + 1), text.charCodeAt(index + 2)];
    if (a > 255 || b > 255 || c > 255)
      throw new TypeError('btoa: the string holds a character beyond U+00FF');
    const word = (a << 16) | (b << 8) | c;
    out += ALPHABET.charAt(word >> 18) + ALPHABET.charAt((word >> 12) & 63);
    out += index + 1 < text.length ? ALPHABET.charAt((word >> 6) & 63) : '=';
    out += index + 2 < text.length ? ALPHABET.charAt(word & 63) : '=';
  }
  return out;
}

/** The web's atob (the Infra Standard's forgiving decoder). */
export function atob(data: string): string {
  let text = String(data).replaceAll(/[\t\n\f\r ]/g, '');
  if (text.length % 4 === 0) text = text.replace(/={1,2}$/, '');
  if (text.length % 4 === 1 || /[^A-Za-z0-9+/]/.test(text))
    throw new TypeError('atob: the string is not valid base64');
  let out = '';
  let word = 0;
  let bits = 0;
  for (const character of text) {
    word = ((word << 6) | ALPHABET.indexOf(character)) & 0xffffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out += String.fromCharCode((word >> bits) & 0xff);
    }
  }
  return out;
}
