import { LearnedSessions } from '../../shared/learned-sessions.ts';
import type { StickyConfig } from '../../shared/sticky-types.ts';
import type { AddressBackend } from '../backend.ts';
import type { Upstream } from '../upstream.ts';
import { BackendIds } from './backend-ids.ts';
import { placeOf, Places } from './places.ts';
import { SourceChoice } from './source-choice.ts';

/** What an upstream knows of its clients, by the type of its config. It knows nothing of HTTP. */
export type StickySessions =
  | { readonly type: 'cookie' | 'prefix'; readonly name: string; readonly ids: BackendIds }
  | LearnedPlaces
  | SourceSessions;

export function stickySessions(upstream: Upstream, config: StickyConfig): StickySessions {
  const places = new Places(upstream);
  switch (config.type) {
    case 'cookie':
      return { type: 'cookie', name: config.name, ids: new BackendIds(places, config.keys) };
    case 'app-cookie': {
      const { name, prefix } = config;
      if (prefix !== null) return { type: 'prefix', name, ids: new BackendIds(places, prefix.keys) };
      return new LearnedPlaces(name, places, new LearnedSessions(config));
    }
    case 'source':
      return new SourceSessions(upstream, places, new LearnedSessions(config));
  }
}

/** What was learned before is known on. */
export function takeOverSessions(sticky: StickySessions, before: StickySessions): void {
  if (!('table' in sticky && 'table' in before) || sticky.name !== before.name) return;
  // With the same bounds it is one table, so that what the snapshot before learns until it ends is not lost.
  if (sticky.table.hasBounds(before.table.bounds)) sticky.table = before.table;
  else sticky.table.takeOver(before.table);
}

/** By the values of a cookie that backends set. */
export class LearnedPlaces {
  readonly type = 'learned';
  /** Of the cookie. */
  readonly name: string;
  table: LearnedSessions;
  readonly #places: Places;

  constructor(name: string, places: Places, table: LearnedSessions) {
    this.name = name;
    this.table = table;
    this.#places = places;
  }

  find(value: string): AddressBackend | undefined {
    const place = this.table.find(value);
    return place === undefined ? undefined : this.#places.find(place);
  }

  learn(value: string, backend: AddressBackend): void {
    this.table.learn(value, placeOf(backend));
  }
}

/** By the client's address. */
export class SourceSessions {
  readonly type = 'source';
  /** There is no cookie. */
  readonly name = '';
  /** Who came when: a draining backend keeps those who had it before. */
  table: LearnedSessions;
  readonly #choice: SourceChoice;
  readonly #places: Places;

  constructor(upstream: Upstream, places: Places, table: LearnedSessions) {
    this.table = table;
    this.#choice = new SourceChoice(upstream);
    this.#places = places;
  }

  pick(client: string): AddressBackend | undefined {
    const known = this.table.find(client);
    const draining = known === undefined ? undefined : this.#places.findDraining(known);
    if (draining !== undefined) return draining;
    const picked = this.#choice.pick(client);
    if (picked !== undefined) {
      const place = placeOf(picked);
      if (place !== known) this.table.learn(client, place);
    }
    return picked;
  }
}
