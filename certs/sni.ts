/**
 * What serves which name. A name that a client asks for (RFC 6066 3) finds what was added under it; else
 * what was added under the wildcard one label above, which stands for exactly one label (RFC 6125 6.4.3).
 */
export class NameIndex<T> {
  readonly #items = new Map<string, T[]>();

  /** `name`: `example.com` or `*.example.com`. */
  add(name: string, item: T): void {
    const key = name.toLowerCase();
    const items = this.#items.get(key);
    if (items === undefined) this.#items.set(key, [item]);
    else if (!items.includes(item)) items.push(item);
  }

  /** In the order in which they were added; empty for an unknown name. */
  find(serverName: string): readonly T[] {
    const exact = this.exact(serverName);
    return exact.length > 0 ? exact : this.wildcard(serverName);
  }

  /** What was added under this very name. */
  exact(serverName: string): readonly T[] {
    return this.#items.get(plainName(serverName)) ?? [];
  }

  /** What was added under the wildcard above it. */
  wildcard(serverName: string): readonly T[] {
    return this.#items.get(wildcardAbove(serverName)) ?? [];
  }
}

/** In lower case and without the dot of the root, as certificates and configs have names. */
export function plainName(serverName: string): string {
  return serverName.toLowerCase().replace(/\.$/, '');
}

/** `*.example.com` for `a.example.com`; empty: no wildcard stands for the name. */
export function wildcardAbove(serverName: string): string {
  const name = plainName(serverName);
  const dot = name.indexOf('.');
  return dot < 1 ? '' : `*${name.slice(dot)}`;
}
