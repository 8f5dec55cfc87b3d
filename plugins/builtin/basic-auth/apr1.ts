import { createHash } from 'node:crypto';

const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** Which bytes of the digest make each group of the text, as crypt(3) mixes them. */
const GROUPS = [
  [0, 6, 12],
  [1, 7, 13],
  [2, 8, 14],
  [3, 9, 15],
  [4, 10, 5],
] as const;

/** What `htpasswd -m` makes: a thousand rounds of MD5, salted. Weak by now, but what many files hold. @returns what follows the salt */
export function apr1(password: string, salt: string): string {
  const md5 = (...parts: (string | Uint8Array)[]): Buffer => {
    const hash = createHash('md5');
    for (const part of parts) hash.update(part);
    return hash.digest();
  };
  const length = Buffer.byteLength(password);
  const mixed = md5(password, salt, password);
  const parts: (string | Uint8Array)[] = [password, '$apr1$', salt];
  for (let left = length; left > 0; left -= 16) parts.push(mixed.subarray(0, Math.min(left, 16)));
  const first = Buffer.from(password).subarray(0, 1);
  for (let bits = length; bits > 0; bits >>= 1) parts.push((bits & 1) === 1 ? Uint8Array.of(0) : first);
  let digest = md5(...parts);
  for (let round = 0; round < 1000; round++) {
    const odd = round % 2 === 1;
    digest = md5(
      odd ? password : digest,
      round % 3 === 0 ? '' : salt,
      round % 7 === 0 ? '' : password,
      odd ? digest : password,
    );
  }
  const byte = (at: number): number => digest[at] ?? 0;
  const groups = GROUPS.map(([a, b, c]) => encoded((byte(a) << 16) | (byte(b) << 8) | byte(c), 4));
  return groups.join('') + encoded(byte(11), 2);
}

/** The lowest six bits first. */
function encoded(value: number, characters: number): string {
  let text = '';
  for (let i = 0; i < characters; i++) text += ALPHABET[(value >> (6 * i)) & 0x3f] ?? '';
  return text;
}
