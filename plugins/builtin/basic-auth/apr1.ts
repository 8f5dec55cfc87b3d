import { hash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';

const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** Which bytes of the digest make each group of the text, as crypt(3) mixes them. */
const GROUPS = [
  [0, 6, 12],
  [1, 7, 13],
  [2, 8, 14],
  [3, 9, 15],
  [4, 10, 5],
] as const;

/** Then other work of the thread has its turn. */
const ROUNDS_A_TURN = 100;
const NONE = new Uint8Array(0);

/** What `htpasswd -m` makes: a thousand rounds of MD5, salted. Weak by now, but what many files hold. @returns what follows the salt */
export async function apr1(password: string, salt: string): Promise<string> {
  const key = Buffer.from(password);
  const saltBytes = Buffer.from(salt);
  const mixed = md5(key, saltBytes, key);
  const parts: Uint8Array[] = [key, Buffer.from('$apr1$'), saltBytes];
  for (let left = key.length; left > 0; left -= 16) parts.push(mixed.subarray(0, Math.min(left, 16)));
  const first = key.subarray(0, 1);
  for (let bits = key.length; bits > 0; bits >>= 1) parts.push((bits & 1) === 1 ? Uint8Array.of(0) : first);
  let digest = md5(...parts);
  for (let round = 0; round < 1000; round++) {
    if (round % ROUNDS_A_TURN === 0) await nextTurn();
    const odd = round % 2 === 1;
    digest = md5(
      odd ? key : digest,
      round % 3 === 0 ? NONE : saltBytes,
      round % 7 === 0 ? NONE : key,
      odd ? digest : key,
    );
  }
  const byte = (at: number): number => digest[at] ?? 0;
  const groups = GROUPS.map(([a, b, c]) => encoded((byte(a) << 16) | (byte(b) << 8) | byte(c), 4));
  return groups.join('') + encoded(byte(11), 2);
}

function md5(...parts: readonly Uint8Array[]): Buffer {
  return hash('md5', Buffer.concat(parts), 'buffer');
}

/** The lowest six bits first. */
function encoded(value: number, characters: number): string {
  let text = '';
  for (let i = 0; i < characters; i++) text += ALPHABET[(value >> (6 * i)) & 0x3f] ?? '';
  return text;
}
