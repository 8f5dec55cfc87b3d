import { createHmac } from 'node:crypto';
import type { AddressBackend } from '../backend.ts';
import { placeOf, type Places } from './places.ts';

/** 132 bits of base64url. */
export const ID_LENGTH = 22;

/**
 * What clients get to name their backend: a keyed hash of its place (HMAC-SHA256). Who has no key learns nothing of
 * addresses from it, and can make none of another backend; all workers, and all proxies with the same key, agree on it.
 */
export class BackendIds {
  readonly #places: Places;
  readonly #keys: readonly string[];
  #from: unknown = null;
  #placesById: ReadonlyMap<string, string> = new Map();
  /** By place: one for each key. */
  #idsByPlace: ReadonlyMap<string, readonly string[]> = new Map();

  constructor(places: Places, keys: readonly string[]) {
    if (keys.length === 0) throw new Error('no key for sticky sessions');
    this.#places = places;
    this.#keys = keys;
  }

  /** The backend of this id, by any of the keys; undefined where there is none that takes a client back. */
  find(id: string): AddressBackend | undefined {
    if (id.length !== ID_LENGTH) return undefined;
    this.#refresh();
    const place = this.#placesById.get(id);
    return place === undefined ? undefined : this.#places.find(place);
  }

  /** By the first key. */
  of(backend: AddressBackend): string {
    this.#refresh();
    const place = placeOf(backend);
    const [id] = this.#idsByPlace.get(place) ?? idsOf(place, this.#keys.slice(0, 1));
    return id ?? '';
  }

  #refresh(): void {
    const places = this.#places.all();
    if (places === this.#from) return;
    const before = this.#idsByPlace;
    this.#from = places;
    this.#idsByPlace = new Map(
      [...places.keys()].map((place) => [place, before.get(place) ?? idsOf(place, this.#keys)]),
    );
    this.#placesById = new Map(
      [...this.#idsByPlace].flatMap(([place, ids]) => ids.map((id): [string, string] => [id, place])),
    );
  }
}

function idsOf(place: string, keys: readonly string[]): string[] {
  return keys.map((key) => createHmac('sha256', key).update(place).digest('base64url').slice(0, ID_LENGTH));
}
