import { argon2, createHash, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { compare } from 'bcrypt';
import { apr1 } from './apr1.ts';

export interface PasswordHash {
  /** As it was written. */
  readonly text: string;
  matches(password: string): Promise<boolean>;
}

/** A hash that takes longer, or more memory, would be a way to hold the machine up. */
const HIGHEST_BCRYPT_COST = 15;
const MOST_ARGON2_KIB = 256 * 1024;
const MOST_ARGON2_PASSES = 16;

/** bcrypt, Argon2, and what old files of `htpasswd` hold. Throws an Error that says what is wrong with it, without what it holds. */
export function readPasswordHash(text: string): PasswordHash {
  const [, cost] = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(text) ?? [];
  if (cost !== undefined) {
    if (Number(cost) < 4 || Number(cost) > HIGHEST_BCRYPT_COST)
      throw new Error(`a bcrypt hash of a cost from 4 to ${HIGHEST_BCRYPT_COST} is expected, not ${cost}`);
    // `$2y$` is what PHP and htpasswd call the same.
    const named = text.replace(/^\$2y/, '$2b');
    return { text, matches: (password) => compare(password, named) };
  }
  if (text.startsWith('$argon2')) return readArgon2(text);
  const [, salt, digest] = /^\$apr1\$([^$]{1,8})\$([./A-Za-z0-9]{22})$/.exec(text) ?? [];
  if (salt !== undefined && digest !== undefined)
    return {
      text,
      matches: async (password) => equal(Buffer.from(await apr1(password, salt)), Buffer.from(digest)),
    };
  const [, sha1] = /^\{SHA\}([A-Za-z0-9+/]{27}=)$/.exec(text) ?? [];
  if (sha1 !== undefined)
    return {
      text,
      matches: async (password) =>
        equal(createHash('sha1').update(password).digest(), Buffer.from(sha1, 'base64')),
    };
  throw new Error(
    'a hash by bcrypt ($2y$…), Argon2 ($argon2id$…), htpasswd -m ($apr1$…) or -s ({SHA}…) is expected',
  );
}

const derive = promisify(argon2);

function readArgon2(text: string): PasswordHash {
  const [, algorithm, memory = '', passes = '', parallelism = '', salt = '', digest = ''] =
    /^\$(argon2(?:id|i|d))\$v=19\$m=(\d{1,8}),t=(\d{1,4}),p=(\d{1,3})\$([A-Za-z0-9+/]{11,88})={0,2}\$([A-Za-z0-9+/]{16,172})={0,2}$/.exec(
      text,
    ) ?? [];
  if (algorithm !== 'argon2id' && algorithm !== 'argon2i' && algorithm !== 'argon2d')
    throw new Error('an Argon2 hash like $argon2id$v=19$m=19456,t=2,p=1$…$… is expected');
  if (Number(memory) > MOST_ARGON2_KIB || Number(passes) > MOST_ARGON2_PASSES || Number(parallelism) > 16)
    throw new Error(
      `an Argon2 hash of at most m=${MOST_ARGON2_KIB}, t=${MOST_ARGON2_PASSES} and p=16 is expected`,
    );
  const wanted = Buffer.from(digest, 'base64');
  const parameters = {
    nonce: Buffer.from(salt, 'base64'),
    parallelism: Number(parallelism),
    tagLength: wanted.length,
    memory: Number(memory),
    passes: Number(passes),
  };
  return {
    text,
    matches: async (password) => equal(await derive(algorithm, { message: password, ...parameters }), wanted),
  };
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
