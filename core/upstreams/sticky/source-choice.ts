import type { AddressBackend } from '../backend.ts';
import { NestedBackend } from '../nested-backend.ts';
import type { Upstream } from '../upstream.ts';
import { BySource } from './by-source.ts';

/** Whom a client gets by its address, through upstreams within the upstream, too. */
export class SourceChoice {
  readonly #upstream: Upstream;
  /** One for each upstream on the way. */
  readonly #choices = new Map<Upstream, BySource>();

  constructor(upstream: Upstream) {
    this.#upstream = upstream;
  }

  pick(client: string): AddressBackend | undefined {
    return this.#pickIn(this.#upstream, client);
  }

  #pickIn(upstream: Upstream, client: string): AddressBackend | undefined {
    let choice = this.#choices.get(upstream);
    if (choice === undefined) this.#choices.set(upstream, (choice = new BySource()));
    const picked = choice.pick(upstream.candidates(), client);
    return picked instanceof NestedBackend ? this.#pickIn(picked.upstream, client) : upstream.resolve(picked);
  }
}
