import { createHmac, randomBytes } from 'node:crypto';
import type { Users } from './users.ts';

/** Hashes are made to be slow: so many are looked at together, in threads that have other work too. */
const TOGETHER = 2;
/** More than these wait for their turn: somebody is guessing. */
const LONGEST_LINE = 64;
/** How many good answers are remembered. */
const REMEMBERED = 1000;

export type Verdict = 'good' | 'bad' | 'busy';

/** Says whether a password is a user's. What was good is remembered, by a digest that is of no use elsewhere, for as long as the user's hash is the same. */
export class Verifier {
  readonly #users: () => Users;
  readonly #key = randomBytes(32);
  readonly #good = new Set<string>();
  readonly #underWay = new Map<string, Promise<Verdict>>();
  readonly #line: (() => void)[] = [];
  #running = 0;

  constructor(users: () => Users) {
    this.#users = users;
  }

  /** A page that asks for twenty files at once has its password looked at once. */
  verify(name: string, password: string): Promise<Verdict> {
    const users = this.#users();
    const known = users.get(name);
    // A name that there is not takes as long as one that there is.
    const [someone] = users.values();
    const hash = known ?? someone;
    if (hash === undefined) return Promise.resolve('bad');
    const id = createHmac('sha256', this.#key)
      .update(JSON.stringify([name, hash.text, password]))
      .digest('base64');
    if (this.#good.has(id)) return Promise.resolve('good');
    const underWay = this.#underWay.get(id);
    if (underWay !== undefined) return underWay;
    if (this.#line.length >= LONGEST_LINE) return Promise.resolve('busy');
    const verdict = this.#inTurn(async (): Promise<Verdict> => {
      const matches = await hash.matches(password);
      if (!matches || known === undefined) return 'bad';
      this.#remember(id);
      return 'good';
    }).finally(() => this.#underWay.delete(id));
    this.#underWay.set(id, verdict);
    return verdict;
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= TOGETHER) await new Promise<void>((turn) => this.#line.push(turn));
    else this.#running++;
    try {
      return await work();
    } finally {
      const next = this.#line.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }

  #remember(id: string): void {
    this.#good.add(id);
    if (this.#good.size <= REMEMBERED) return;
    for (const oldest of this.#good) {
      this.#good.delete(oldest);
      break;
    }
  }
}
