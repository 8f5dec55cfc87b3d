import type { ChallengeType } from '../core/shared/certificates-config.ts';
import type { Challenges } from '../core/shared/challenges.ts';

/** A challenge of the CA's, with the answer that only the owner of the account can give (RFC 8555 8.1). */
export interface PreparedChallenge {
  /** In lower case, without `*.`. */
  readonly name: string;
  readonly token: string;
  /** Secret until the CA has seen it: never logged. */
  readonly keyAuthorization: string;
}

/** One way to prove control of a name. */
export interface ChallengeSolver {
  readonly type: ChallengeType;
  /** Why it can not be used for this name now (no listener, no DNS provider, a wildcard), or null. `name`: as ordered, with `*.`. */
  obstacle(name: string): string | null;
  /** Resolves when a check of our own found it in place. Throws an Error that says what was found instead. */
  present(challenge: PreparedChallenge, signal: AbortSignal): Promise<void>;
  /** Also after a `present` that failed. Does nothing where nothing is in place. */
  remove(challenge: PreparedChallenge): Promise<void>;
}

/** What all workers answer challenges with. */
export interface ChallengeBoard {
  /** Replaces everything. Resolves when every ready worker has it. */
  set(challenges: Challenges): Promise<void>;
}
