import { createPublicKey } from 'node:crypto';
import { createLocalJWKSet, errors, type CryptoKey, type JWK, type JWSHeaderParameters } from 'jose';
import { z } from 'zod';

/** Keys that tokens are verified with. */
export interface KeySet {
  readonly size: number;
  /** Those that may have signed a token with this header, in no order. It says which by `kid` at most: never where a key is, or what it is. */
  candidates(header: JWSHeaderParameters): Promise<readonly (CryptoKey | Uint8Array)[]>;
}

/** Each costs a look at the signature, also of a token that somebody made up. */
const MOST_CANDIDATES = 4;
const MOST_KEYS = 100;
/** RFC 7518 3.3 */
const LEAST_RSA_BITS = 2048;

const setSchema = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(MOST_KEYS) });

/** Of a JWK Set (RFC 7517 5). Throws an Error for what is none, and for one without a key that could have signed a token. */
export function keysOfSet(text: string): KeySet {
  const parsed = setSchema.safeParse(parseJson(text));
  if (!parsed.success)
    throw new Error(`a JWK Set of at most ${MOST_KEYS} keys is expected, { "keys": [{ "kty": … }] }`);
  // A secret in a set that others can read is none; a key of a kind that nobody knows yet is to be passed over (RFC 7517 5).
  const keys = parsed.data.keys.filter(({ kty, use }) => /^(?:RSA|EC|OKP)$/.test(kty) && use !== 'enc');
  if (keys.length === 0) throw new Error('the JWK Set has no public key that signatures are verified with');
  return publicKeys(keys, true);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Of a file with public keys or certificates in PEM. Throws an Error that says what is wrong with it. */
export function keysOfPem(text: string): KeySet {
  const blocks = [...text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----[^-]+-----END \1-----/g)];
  if (blocks.length === 0 || blocks.length > MOST_CANDIDATES)
    throw new Error(`one to ${MOST_CANDIDATES} public keys or certificates in PEM are expected`);
  // It has no names of keys: what a token says of one does not count.
  return publicKeys(
    blocks.map(([block, label = '']) => jwkOf(block, label)),
    false,
  );
}

function jwkOf(block: string, label: string): JWK {
  if (label.includes('PRIVATE'))
    throw new Error('a public key is expected, found a private one: whoever can read it can sign');
  const key = createPublicKey(block);
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type !== 'rsa' && type !== 'ec' && type !== 'ed25519')
    throw new Error(`a key of RSA, EC or Ed25519 is expected, found ${type ?? 'another one'}`);
  if (type === 'rsa' && (details?.modulusLength ?? 0) < LEAST_RSA_BITS)
    throw new Error(
      `an RSA key of ${LEAST_RSA_BITS} bits or more is expected, found ${details?.modulusLength}`,
    );
  return key.export({ format: 'jwk' });
}

function publicKeys(keys: readonly JWK[], haveNames: boolean): KeySet {
  const find = createLocalJWKSet({ keys: [...keys] });
  return {
    size: keys.length,
    async candidates({ alg, kid }) {
      if (alg === undefined) return [];
      try {
        return [await find({ alg, ...(haveNames && kid !== undefined ? { kid } : {}) })];
      } catch (error) {
        return error instanceof errors.JWKSMultipleMatchingKeys ? firstOf(error) : [];
      }
    },
  };
}

async function firstOf(keys: AsyncIterable<CryptoKey>): Promise<CryptoKey[]> {
  const first: CryptoKey[] = [];
  for await (const key of keys) if (first.push(key) === MOST_CANDIDATES) break;
  return first;
}

/** Of secrets that both sides have. */
export function keysOfSecrets(secrets: readonly Uint8Array[]): KeySet {
  return {
    size: secrets.length,
    // RFC 7518 3.2: a secret is as long as the hash, or longer.
    candidates: async ({ alg }) =>
      alg?.startsWith('HS') === true
        ? secrets.filter(({ length }) => length * 8 >= Number(alg.slice(2)))
        : [],
  };
}
