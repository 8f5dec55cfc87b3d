import type { StickyConfig } from '../../shared/sticky-types.ts';
import type { AddressBackend, Backend } from '../backend.ts';
import type { NestedBackend } from '../nested-backend.ts';
import type { Upstream } from '../upstream.ts';
import { BackendIds } from './backend-ids.ts';
import { BySource } from './by-source.ts';
import { LearnedSessions } from './learned-sessions.ts';
import { placeOf, Places } from './places.ts';

/** What an upstream knows of its clients, by the type of its config. It knows nothing of HTTP. */
export type StickySessions =
  | { readonly type: 'cookie' | 'prefix'; readonly name: string; readonly ids: BackendIds }
  | { readonly type: 'learned'; readonly name: string; readonly learned: LearnedPlaces }
  | { readonly type: 'source'; pick(client: string): AddressBackend | undefined };

export function stickySessions(upstream: Upstream, config: StickyConfig): StickySessions {
  switch (config.type) {
    case 'cookie':
      return { type: 'cookie', name: config.name, ids: new BackendIds(new Places(upstream), config.keys) };
    case 'app-cookie': {
      const { name, prefix } = config;
      if (prefix !== null)
        return { type: 'prefix', name, ids: new BackendIds(new Places(upstream), prefix.keys) };
      const sessions = new LearnedSessions(config.size, config.ttlMs);
      return { type: 'learned', name, learned: new LearnedPlaces(new Places(upstream), sessions) };
    }
    case 'source':
      return new SourceSessions(upstream);
  }
}

/** What was learned before is known on. */
export function takeOverSessions(sticky: StickySessions, before: StickySessions): void {
  if (sticky.type === 'learned' && before.type === 'learned' && sticky.name === before.name)
    sticky.learned.takeOver(before.learned);
}

export class LearnedPlaces {
  sessions: LearnedSessions;
  readonly #places: Places;

  constructor(places: Places, sessions: LearnedSessions) {
    this.#places = places;
    this.sessions = sessions;
  }

  find(value: string): AddressBackend | undefined {
    const place = this.sessions.find(value);
    return place === undefined ? undefined : this.#places.find(place);
  }

  /** With the same bounds it is one table, so that what the snapshot before learns until it ends is not lost. */
  takeOver({ sessions }: LearnedPlaces): void {
    if (this.sessions.hasBoundsOf(sessions)) this.sessions = sessions;
    else this.sessions.takeOver(sessions);
  }

  learn(value: string, backend: AddressBackend): void {
    this.sessions.learn(value, placeOf(backend));
  }
}

class SourceSessions {
  readonly type = 'source';
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
    const nested = nestedOf(upstream, picked);
    return nested === undefined ? upstream.resolve(picked) : this.#pickIn(nested.upstream, client);
  }
}

function nestedOf(upstream: Upstream, picked: Backend | undefined): NestedBackend | undefined {
  return upstream.nested.find((nested) => nested === picked);
}
