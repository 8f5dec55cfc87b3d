import { createHash } from 'node:crypto';
import type { Resolver } from 'node:dns/promises';
import { setTimeout as pause } from 'node:timers/promises';

import type { ChallengeSolver, PreparedChallenge } from './challenges.ts';
import { authoritativeResolvers, followAliases, hasTxt, resolverOf, type DnsServer } from './dns-lookup.ts';

/** Who changes records on our behalf. Both leave other TXT records of the name alone: two orders may need it at once. */
export interface DnsProvider {
  /** The one that holds the records; null: found by asking. */
  readonly server: DnsServer | null;
  add(name: string, value: string, signal: AbortSignal): Promise<void>;
  /** Fine when it is not there. */
  remove(name: string, value: string, signal: AbortSignal): Promise<void>;
}

const REMOVAL_MS = 60_000;
const LONGEST_PAUSE_MS = 5000;

/** RFC 8555 8.4: a TXT record of `_acme-challenge.NAME`, or of where a CNAME record there leads. */
export class Dns01Solver implements ChallengeSolver {
  readonly type = 'dns-01';
  readonly #provider: DnsProvider;
  readonly #propagationTimeoutMs: number;
  readonly #resolver: DnsServer | null;
  /** Where it was written, by token. */
  readonly #written = new Map<string, string>();

  /** `resolver`: asked for CNAME and NS records; null: the system's. */
  constructor(provider: DnsProvider, propagationTimeoutMs: number, resolver: DnsServer | null) {
    this.#provider = provider;
    this.#propagationTimeoutMs = propagationTimeoutMs;
    this.#resolver = resolver;
  }

  obstacle(): null {
    return null;
  }

  async present(challenge: PreparedChallenge, signal: AbortSignal): Promise<void> {
    const { server } = this.#provider;
    const name = await followAliases(
      `_acme-challenge.${challenge.name}`,
      // The one that we write to knows best of its own names.
      server === null ? [this.#resolver] : [server, this.#resolver],
    );
    const value = digestOf(challenge);
    this.#written.set(challenge.token, name);
    await this.#provider.add(name, value, signal);
    await this.#untilSeen(name, value, signal);
  }

  async remove(challenge: PreparedChallenge): Promise<void> {
    const name = this.#written.get(challenge.token);
    if (name === undefined) return;
    this.#written.delete(challenge.token);
    await this.#provider.remove(name, digestOf(challenge), AbortSignal.timeout(REMOVAL_MS));
  }

  async #untilSeen(name: string, value: string, signal: AbortSignal): Promise<void> {
    const resolvers = await this.#resolversFor(name);
    const end = Date.now() + this.#propagationTimeoutMs;
    for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 1.5, LONGEST_PAUSE_MS)) {
      const answers = await Promise.all(resolvers.map((resolver) => hasTxt(resolver, name, value)));
      const known = answers.filter((answer) => answer !== null);
      // A server that gives no answer at all may be none for the CA either.
      if (known.length > 0 && known.every(Boolean)) return;
      if (Date.now() + pauseMs > end)
        throw new Error(
          `expected the new TXT record of ${name} on ${resolvers.length} DNS servers within ${this.#propagationTimeoutMs / 1000} s, found it on ${known.filter(Boolean).length}; ${answers.length - known.length} gave no answer`,
        );
      await pause(pauseMs, undefined, { signal });
    }
  }

  async #resolversFor(name: string): Promise<Resolver[]> {
    if (this.#provider.server !== null) return [await resolverOf(this.#provider.server)];
    const resolver = await resolverOf(this.#resolver);
    // One that does not tell the servers may still tell the record.
    const authoritative = await authoritativeResolvers(name, resolver).catch(() => []);
    return authoritative.length > 0 ? authoritative : [resolver];
  }
}

function digestOf({ keyAuthorization }: PreparedChallenge): string {
  return createHash('sha256').update(keyAuthorization).digest('base64url');
}
