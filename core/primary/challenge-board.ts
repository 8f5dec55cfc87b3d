import type { ChallengeBoard } from '../../certs/challenges.ts';
import type { PrimaryMessage, WorkerMessage } from '../ipc/messages.ts';
import type { Challenges } from '../shared/challenges.ts';

/** To every worker; resolves when those that serve have answered, have died or were given up. */
type TellWorkers = (
  message: PrimaryMessage,
  isAnswer: (message: WorkerMessage) => boolean,
) => Promise<unknown>;

/** The board of the primary, which each worker has a copy of; one that starts gets it before its first connection. */
export class WorkerChallengeBoard implements ChallengeBoard {
  readonly #tellWorkers: TellWorkers;
  #challenges: Challenges = { http: {}, alpn: {} };
  #revision = 0;

  constructor(tellWorkers: TellWorkers) {
    this.#tellWorkers = tellWorkers;
  }

  message(): PrimaryMessage {
    return { type: 'challenges', revision: this.#revision, challenges: this.#challenges };
  }

  async set(challenges: Challenges): Promise<void> {
    this.#challenges = challenges;
    const revision = (this.#revision += 1);
    await this.#tellWorkers(
      this.message(),
      // A later one holds all that this one was to bring, or has taken it back.
      (message) => message.type === 'challenges' && message.revision >= revision,
    );
  }
}
