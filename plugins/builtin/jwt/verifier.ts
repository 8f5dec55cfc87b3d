import { hash } from 'node:crypto';
import {
  decodeProtectedHeader,
  errors,
  jwtVerify,
  type JWTVerifyOptions,
  type ProtectedHeaderParameters,
} from 'jose';
import { ClaimTooLong, type Claims } from './claims.ts';
import { hasDuplicateNames } from './duplicate-names.ts';
import type { KeySet } from './key-set.ts';
import type { KeySource } from './remote-keys.ts';

export type Verdict<Grant> =
  | { readonly kind: 'good'; readonly grant: Grant }
  /** `reason`: for the log, in a word. */
  | { readonly kind: 'bad'; readonly reason: string }
  /** Nobody can tell just now. */
  | { readonly kind: 'unavailable'; readonly reason: 'no keys' | 'busy' };

export interface VerifierSettings<Grant> {
  readonly keys: KeySource;
  readonly algorithms: readonly string[];
  readonly expectations: JWTVerifyOptions;
  readonly clockToleranceMs: number;
  readonly longestMs: number | null;
  readonly largest: number;
  readonly remember: number;
  /** What follows from good claims: made once for a token. */
  readonly grantOf: (claims: Claims) => Grant;
}

/** More than these would wait for their turn in the thread pool: somebody makes up tokens. */
const MOST_UNDER_WAY = 1000;
/** That many tokens with unknown keys wait for others to be fetched: made-up ones must not take the places of good ones while a source is slow. */
const MOST_WAITING = 100;
/** A good token without an end is looked at again after this. */
const LONGEST_MEMORY_MS = 3_600_000;

/**
 * Says whether tokens are good. The signature is looked at in the thread pool; what was good is remembered until the token expires or
 * the keys change, under a digest of it.
 */
export class Verifier<Grant> {
  readonly #settings: VerifierSettings<Grant>;
  readonly #good = new Map<string, { readonly grant: Grant; readonly until: number }>();
  readonly #underWay = new Map<string, Promise<Verdict<Grant>>>();
  /** Those that the remembered ones were verified with. */
  #keys: KeySet | null = null;

  #waiting = 0;

  constructor(settings: VerifierSettings<Grant>) {
    this.#settings = settings;
  }

  get remembered(): number {
    return this.#good.size;
  }

  verify(token: string): Verdict<Grant> | Promise<Verdict<Grant>> {
    const malformed = problemWith(token, this.#settings.largest);
    if (malformed !== null) return { kind: 'bad', reason: malformed };
    const { keys } = this.#settings.keys;
    if (keys !== this.#keys) this.#good.clear();
    this.#keys = keys;
    const id = hash('sha256', token, 'base64');
    const known = this.#good.get(id);
    if (known !== undefined) {
      if (Date.now() < known.until) return { kind: 'good', grant: known.grant };
      this.#good.delete(id);
    }
    const underWay = this.#underWay.get(id);
    if (underWay !== undefined) return underWay;
    if (this.#underWay.size >= MOST_UNDER_WAY) return { kind: 'unavailable', reason: 'busy' };
    const verdict = this.#look(token, id).finally(() => this.#underWay.delete(id));
    this.#underWay.set(id, verdict);
    return verdict;
  }

  async #look(token: string, id: string): Promise<Verdict<Grant>> {
    const header = headerOf(token);
    if (header === null) return { kind: 'bad', reason: 'malformed' };
    // Before a key is looked for: who asks for another algorithm has nothing fetched.
    if (!this.#settings.algorithms.includes(header.alg ?? '')) return { kind: 'bad', reason: 'algorithm' };
    const source = this.#settings.keys;
    if (source.keys === null) await source.lookAgain();
    let { keys } = source;
    if (keys === null) return { kind: 'unavailable', reason: 'no keys' };
    let candidates = await keys.candidates(header);
    if (candidates.length === 0) {
      if (this.#waiting >= MOST_WAITING) return { kind: 'unavailable', reason: 'busy' };
      this.#waiting += 1;
      await source.lookAgain();
      this.#waiting -= 1;
      keys = source.keys ?? keys;
      candidates = await keys.candidates(header);
    }
    let reason = 'unknown key';
    for (const key of candidates) {
      try {
        const { payload } = await jwtVerify(token, key, this.#expectations());
        if (hasInfinity(payload)) return { kind: 'bad', reason: 'claim too large' };
        if (hasDuplicateNames(textOf(token.split('.')[1]))) return { kind: 'bad', reason: 'duplicate claim' };
        const grant = this.#settings.grantOf(payload);
        this.#remember(id, grant, payload.exp, payload.iat, keys);
        return { kind: 'good', grant };
      } catch (error) {
        reason = reasonOf(error);
        if (reason !== 'signature' && reason !== 'unfit key') break;
      }
    }
    return { kind: 'bad', reason };
  }

  #expectations(): JWTVerifyOptions {
    const { expectations, algorithms } = this.#settings;
    return { ...expectations, algorithms: [...algorithms], currentDate: new Date() };
  }

  #remember(id: string, grant: Grant, exp: number | undefined, iat: number | undefined, keys: KeySet): void {
    const { remember, longestMs, clockToleranceMs } = this.#settings;
    if (remember === 0 || keys !== this.#keys) return;
    const now = Date.now();
    const ends = [
      exp === undefined ? Infinity : exp * 1000 + clockToleranceMs,
      longestMs === null || iat === undefined ? Infinity : iat * 1000 + longestMs + clockToleranceMs,
      now + LONGEST_MEMORY_MS,
    ];
    this.#good.set(id, { grant, until: Math.min(...ends) });
    for (const oldest of this.#good.keys()) {
      if (this.#good.size <= remember) break;
      this.#good.delete(oldest);
    }
  }
}

/** Before anything of it is read. */
function problemWith(token: string, largest: number): string | null {
  if (token.length > largest) return 'too long';
  const [, signature] = /^[\w-]+\.[\w-]+\.([\w-]*)$/.exec(token) ?? [];
  if (signature === undefined) return 'malformed';
  return signature === '' ? 'unsigned' : null;
}

/** null: it cannot be read, or in two ways. */
function headerOf(token: string): ProtectedHeaderParameters | null {
  try {
    const header = decodeProtectedHeader(token);
    return hasDuplicateNames(textOf(token.split('.')[0])) ? null : header;
  } catch {
    return null;
  }
}

function textOf(part = ''): string {
  return Buffer.from(part, 'base64url').toString();
}

/** `1e999` is a number in JSON, but none that can be compared or passed on. */
function hasInfinity(value: unknown): boolean {
  if (typeof value === 'number') return !Number.isFinite(value);
  return typeof value === 'object' && value !== null && Object.values(value).some(hasInfinity);
}

function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'expired';
  if (error instanceof errors.JWTClaimValidationFailed)
    return error.claim === 'nbf' ? 'not yet' : `claim ${error.claim}`;
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'signature';
  if (error instanceof ClaimTooLong) return 'claim too long';
  // A key that is too short, or is not what it says.
  return error instanceof errors.JOSEError ? 'malformed' : 'unfit key';
}
