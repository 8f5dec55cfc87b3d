import { availabilityVersion, type AddressBackend } from '../backend.ts';
import type { NestedBackend } from '../nested-backend.ts';
import type { Upstream } from '../upstream.ts';

interface Place {
  readonly backend: AddressBackend;
  readonly owner: Upstream;
  /** The upstreams on the way there. */
  readonly through: readonly NestedBackend[];
}

/** Names a backend beyond snapshots and workers; an upstream within another one has places of its own. */
export function placeOf({ settings, addressText }: AddressBackend): string {
  return `${settings.name}\0${addressText}`;
}

/** The backends that requests to an upstream can end at, those of the upstreams within it too, by their places. */
export class Places {
  readonly #upstream: Upstream;
  #places: ReadonlyMap<string, Place> = new Map();
  #seenVersion = -1;

  constructor(upstream: Upstream) {
    this.#upstream = upstream;
  }

  /** The same map until backends come or go, or begin or cease to take requests. */
  all(): ReadonlyMap<string, Place> {
    if (this.#seenVersion !== availabilityVersion()) {
      this.#seenVersion = availabilityVersion();
      const places = new Map<string, Place>();
      collect(this.#upstream, [], places);
      this.#places = places;
    }
    return this.#places;
  }

  /** The backend there; undefined where there is none that takes a client back. */
  find(place: string): AddressBackend | undefined {
    const found = this.all().get(place);
    return found !== undefined && takesBack(found) ? found.backend : undefined;
  }

  /** The backend there if it takes clients back but nobody new, so that no scheduler would pick it. */
  findDraining(place: string): AddressBackend | undefined {
    const found = this.all().get(place);
    if (found === undefined || !takesBack(found)) return undefined;
    const takesNew = found.backend.takesRequests && found.through.every(({ takesRequests }) => takesRequests);
    return takesNew ? undefined : found.backend;
  }
}

function collect(upstream: Upstream, through: readonly NestedBackend[], places: Map<string, Place>): void {
  for (const backend of upstream.backends) {
    const place = placeOf(backend);
    if (!places.has(place)) places.set(place, { backend, owner: upstream, through });
  }
  for (const nested of upstream.nested) collect(nested.upstream, [...through, nested], places);
}

/** Ejected ones do only while ejections do not count. */
function takesBack({ backend, owner, through }: Place): boolean {
  if (!backend.takesStickySessions || through.some(({ state }) => state === 'maintenance')) return false;
  return !backend.isEjected || owner.candidates().includes(backend);
}
