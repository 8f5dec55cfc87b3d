import type { ChallengeType } from '../core/shared/certificates-config.ts';
import type { Logger } from '../core/shared/log.ts';
import { describeProblem } from './acme-problem.ts';
import type { AcmeSession, Authorization, OfferedChallenge } from './acme-session.ts';
import { AcmeWait } from './acme-wait.ts';
import type { ChallengeSolver, PreparedChallenge } from './challenges.ts';
import { IssuerError } from './issuer.ts';

/** So many names of one order are worked on at a time. */
const CONCURRENCY = 8;

/** Control of names could not be shown. */
export class ChallengesFailed extends IssuerError {
  /** In another order other challenges are left to try. */
  readonly anotherOrderMayDo: boolean;

  constructor(message: string, anotherOrderMayDo: boolean) {
    super('challenge', message);
    this.anotherOrderMayDo = anotherOrderMayDo;
  }
}

interface Choice {
  readonly solver: ChallengeSolver;
  readonly challenge: OfferedChallenge & { readonly token: string };
}

/** Shows the CA that names of one certificate are ours. What failed for a name is not tried for it again. */
export class AcmeAuthorizations {
  readonly #session: AcmeSession;
  readonly #solvers: readonly ChallengeSolver[];
  readonly #log: Logger;
  /** `NAME TYPE` of challenges that failed, and why. */
  readonly #failed = new Map<string, string>();

  /** `types`: in the order in which they are tried. */
  constructor(
    session: AcmeSession,
    solvers: readonly ChallengeSolver[],
    types: readonly ChallengeType[],
    log: Logger,
  ) {
    this.#session = session;
    this.#solvers = types.flatMap((type) => solvers.filter((solver) => solver.type === type));
    this.#log = log;
  }

  /**
   * Resolves when all authorizations of an order are valid.
   * @throws IssuerError, ChallengesFailed
   */
  async fulfil(urls: readonly string[], signal: AbortSignal): Promise<void> {
    const stop = new AbortController();
    const anySignal = AbortSignal.any([signal, stop.signal]);
    const left = [...urls];
    const failures: ChallengesFailed[] = [];
    const fatal: Error[] = [];
    const work = async (): Promise<void> => {
      for (let url = left.shift(); url !== undefined; url = left.shift())
        try {
          await this.#fulfilOne(url, anySignal);
        } catch (error) {
          // The other names go on: what the CA has found valid it need not be shown again.
          if (error instanceof ChallengesFailed) failures.push(error);
          else {
            fatal.push(error instanceof Error ? error : new Error(String(error)));
            stop.abort();
            return;
          }
        }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, work));
    const [first] = fatal;
    if (first !== undefined) throw first;
    if (failures.length > 0)
      throw new ChallengesFailed(
        failures
          .slice(0, 5)
          .map(({ message }) => message)
          .join('; '),
        failures.every(({ anotherOrderMayDo }) => anotherOrderMayDo),
      );
  }

  async #fulfilOne(url: string, signal: AbortSignal): Promise<void> {
    const { value: authorization } = await this.#session.authorization(url, signal);
    const name = nameOf(authorization);
    if (authorization.status === 'valid') return;
    if (authorization.status !== 'pending')
      throw new ChallengesFailed(`${name}: the authorization is ${authorization.status}`, true);
    for (const choice of this.#choices(authorization)) {
      const prepared: PreparedChallenge = {
        name: authorization.identifier.value.toLowerCase(),
        token: choice.challenge.token,
        keyAuthorization: await this.#session.keyAuthorization(choice.challenge.token),
      };
      try {
        const problem = await this.#attempt(url, choice, prepared, signal);
        if (problem === null) return;
        this.#failed.set(`${name} ${choice.challenge.type}`, problem.message);
        this.#log.warn(
          { name, challenge: choice.challenge.type, reason: problem.message },
          'a challenge could not be fulfilled',
        );
        // With one challenge the whole authorization is lost, and the order with it (RFC 8555 7.1.6).
        if (problem.byCa) throw this.#failure(authorization, this.#choices(authorization).length > 0);
      } finally {
        await choice.solver.remove(prepared).catch((error: unknown) => {
          this.#log.warn({ err: error, name }, 'the answer to a challenge could not be removed');
        });
      }
    }
    throw this.#failure(authorization, false);
  }

  /** @returns what is wrong, or null */
  async #attempt(
    url: string,
    { solver, challenge }: Choice,
    prepared: PreparedChallenge,
    signal: AbortSignal,
  ): Promise<{ readonly message: string; readonly byCa: boolean } | null> {
    try {
      await solver.present(prepared, signal);
    } catch (error) {
      if (signal.aborted) throw new IssuerError('aborted', 'given up', { cause: error });
      return { message: error instanceof Error ? error.message : String(error), byCa: false };
    }
    // The CA was told before a process ended where it says "processing".
    if (challenge.status === 'pending') await this.#session.answerChallenge(challenge, signal);
    for (const wait = new AcmeWait(signal); ;) {
      const { value: now, retryAfterMs } = await this.#session.authorization(url, signal);
      if (now.status === 'valid') return null;
      if (now.status !== 'pending') {
        const error = now.challenges.find(({ type }) => type === challenge.type)?.error;
        const said = error === undefined ? `the authorization is ${now.status}` : describeProblem(error);
        return { message: `the CA says: ${said.replaceAll(prepared.token, '…')}`, byCa: true };
      }
      await wait.pause(retryAfterMs);
    }
  }

  #choices(authorization: Authorization): Choice[] {
    const name = nameOf(authorization);
    const choices = this.#solvers.flatMap((solver): Choice[] => {
      const { type } = solver;
      if (this.#failed.has(`${name} ${type}`) || solver.obstacle(name) !== null) return [];
      return authorization.challenges.flatMap((challenge) =>
        challenge.type === type && challenge.token !== undefined
          ? [{ solver, challenge: { ...challenge, token: challenge.token } }]
          : [],
      );
    });
    // What the CA works on already comes first.
    return choices.sort(
      (a, b) => Number(b.challenge.status === 'processing') - Number(a.challenge.status === 'processing'),
    );
  }

  #failure(authorization: Authorization, anotherOrderMayDo: boolean): ChallengesFailed {
    const name = nameOf(authorization);
    const reasons = this.#solvers.map((solver) => {
      const { type } = solver;
      const offered = authorization.challenges.some((challenge) => challenge.type === type);
      const reason =
        this.#failed.get(`${name} ${type}`) ??
        solver.obstacle(name) ??
        (offered ? 'not tried' : 'the CA does not offer it');
      return `${type}: ${reason}`;
    });
    return new ChallengesFailed(`${name}: ${reasons.join('; ')}`, anotherOrderMayDo);
  }
}

/** As it was ordered. */
function nameOf({ identifier, wildcard = false }: Authorization): string {
  return `${wildcard ? '*.' : ''}${identifier.value.toLowerCase()}`;
}
