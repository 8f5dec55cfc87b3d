import type { HttpChallenges } from '../exchange/answer-challenge.ts';
import type { AlpnChallenge, AlpnChallenges } from '../listeners/tls/answer-challenge.ts';
import type { Challenges } from '../shared/challenges.ts';

/** What this worker answers challenges with: always what the primary has said last, whichever snapshot serves. */
export class WorkerChallenges implements HttpChallenges, AlpnChallenges {
  #http: ReadonlyMap<string, Challenges['http'][string]> = new Map();
  #alpn: ReadonlyMap<string, AlpnChallenge> = new Map();

  use({ http, alpn }: Challenges): void {
    this.#http = new Map(Object.entries(http));
    this.#alpn = new Map(Object.entries(alpn));
  }

  get isEmpty(): boolean {
    return this.#http.size === 0;
  }

  answer(token: string, host: string): string | null {
    const challenge = this.#http.get(token);
    return challenge === undefined || challenge.name !== host ? null : challenge.answer;
  }

  alpn(serverName: string): AlpnChallenge | null {
    return this.#alpn.get(serverName) ?? null;
  }
}
