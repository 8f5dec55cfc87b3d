import { LruMap } from '../core/shared/lru-map.ts';
import type { CertificatePair } from './certificate-pair.ts';
import { madePair } from './local-certificates.ts';
import { makePlaceholder } from './self-signed.ts';

const KEPT = 1000;

/** Certificates that nobody trusts, for names whose first order runs: made when somebody asks. */
export class Placeholders {
  readonly #now: () => number;
  readonly #made = new LruMap<string, Promise<CertificatePair>>(KEPT);

  constructor(now: () => number) {
    this.#now = now;
  }

  async get(name: string): Promise<CertificatePair> {
    const known = await this.#made.get(name);
    if (known !== undefined && known.notAfter.getTime() > this.#now()) return known;
    const made = makePlaceholder([name], 'ecdsa-p256', this.#now()).then((pair) => madePair([name], pair));
    this.#made.set(name, made);
    return made;
  }
}
