import type { Challenges } from '../core/shared/challenges.ts';
import type { ChallengeBoard } from './challenges.ts';

type HttpChallenge = Challenges['http'][string];
type AlpnChallenge = Challenges['alpn'][string];

/** What all orders together have on the board: each adds its own and takes it away again. */
export class PostedChallenges {
  readonly #board: ChallengeBoard;
  readonly #http = new Map<string, HttpChallenge>();
  readonly #alpn = new Map<string, AlpnChallenge>();
  /** The last one that was begun. */
  #posting: Promise<void> = Promise.resolve();
  /** One that has not begun yet, and takes all changes with it that come until then. */
  #next: Promise<void> | null = null;

  constructor(board: ChallengeBoard) {
    this.#board = board;
  }

  addHttp(token: string, challenge: HttpChallenge): Promise<void> {
    this.#http.set(token, challenge);
    return this.#post();
  }

  removeHttp(token: string): Promise<void> {
    return this.#http.delete(token) ? this.#post() : Promise.resolve();
  }

  addAlpn(name: string, challenge: AlpnChallenge): Promise<void> {
    this.#alpn.set(name, challenge);
    return this.#post();
  }

  /** Only this very one: another order may have put its own in its place. */
  removeAlpn(name: string, challenge: AlpnChallenge): Promise<void> {
    if (this.#alpn.get(name) !== challenge) return Promise.resolve();
    this.#alpn.delete(name);
    return this.#post();
  }

  #post(): Promise<void> {
    if (this.#next !== null) return this.#next;
    const next = this.#posting
      .catch(() => {})
      .then(() => {
        this.#next = null;
        this.#posting = this.#board.set({
          http: Object.fromEntries(this.#http),
          alpn: Object.fromEntries(this.#alpn),
        });
        return this.#posting;
      });
    this.#next = next;
    return next;
  }
}
