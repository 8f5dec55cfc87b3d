import type { RouteConfig } from '../shared/listener-types.ts';

/** The value of a request header by its lower-case name; null where it was not sent. */
export type HeaderLookup = (lowerName: string) => string | null;

export interface RouteMatch {
  readonly route: RouteConfig;
  /** The row in the listener's table, from 0. */
  readonly index: number;
}

/** The rows with the same host, path and header conditions. */
interface MethodRows {
  readonly byMethod: Map<string, RouteMatch>;
  any: RouteMatch | null;
}

/** The rows with the same host and path which ask for the same headers, by the values that they ask for. */
interface HeaderRows {
  readonly present: readonly string[];
  readonly valued: readonly string[];
  readonly byValues: Map<string, MethodRows>;
}

/** All rows with one host and one path. Finding the best one costs a few lookups, whatever their number. */
export class PathRows {
  /** Those that ask for more headers come first. */
  readonly #groups: HeaderRows[] = [];

  add(match: RouteMatch): void {
    const { present, valued, key } = conditionsOf(match.route);
    let group = this.#groups.find(
      (known) => sameNames(known.present, present) && sameNames(known.valued, valued),
    );
    if (group === undefined) {
      group = { present, valued, byValues: new Map() };
      this.#groups.push(group);
      this.#groups.sort((a, b) => size(b) - size(a));
    }
    let rows = group.byValues.get(key);
    if (rows === undefined) {
      rows = { byMethod: new Map(), any: null };
      group.byValues.set(key, rows);
    }
    // of two rows that ask for the same the earlier one wins
    if (match.route.methods.length === 0) rows.any ??= match;
    for (const method of match.route.methods) {
      if (!rows.byMethod.has(method)) rows.byMethod.set(method, match);
    }
  }

  /** More header conditions first, then rows that list the method, then the order in the table. */
  find(method: string, header: HeaderLookup): RouteMatch | undefined {
    let best: RouteMatch | undefined;
    let bestSize = 0;
    let bestListed = false;
    for (const group of this.#groups) {
      if (best !== undefined && size(group) < bestSize) break;
      const rows = rowsFor(group, header);
      if (rows === undefined) continue;
      const listed = rows.byMethod.get(method);
      const found = listed ?? rows.any;
      if (found === null) continue;
      const isListed = listed !== undefined;
      if (
        best === undefined ||
        (isListed && !bestListed) ||
        (isListed === bestListed && found.index < best.index)
      ) {
        best = found;
        bestSize = size(group);
        bestListed = isListed;
      }
    }
    return best;
  }
}

/** Between the values of a key. Field values hold no NUL: the parser refuses it (RFC 9110 5.5). */
const SEPARATOR = '\0';

function rowsFor(group: HeaderRows, header: HeaderLookup): MethodRows | undefined {
  for (const name of group.present) {
    if (header(name) === null) return undefined;
  }
  let key = '';
  for (const [position, name] of group.valued.entries()) {
    const value = header(name);
    if (value === null) return undefined;
    key = position === 0 ? value : key + SEPARATOR + value;
  }
  return group.byValues.get(key);
}

function size(group: HeaderRows): number {
  return group.present.length + group.valued.length;
}

/** The header conditions of a row, each name once; `key`: the values asked for, in the order of `valued`. */
function conditionsOf(route: RouteConfig): { present: string[]; valued: string[]; key: string } {
  const values = new Map<string, Set<string>>();
  for (const { name, value } of route.headers) {
    const known = values.get(name) ?? new Set();
    values.set(name, value === true ? known : known.add(value));
  }
  const names = [...values.keys()].sort();
  const valued = names.filter((name) => values.get(name)?.size !== 0);
  return {
    present: names.filter((name) => !valued.includes(name)),
    valued,
    // two values for one name never match together, and the key that they make has one part too many to be found
    key: valued.flatMap((name) => [...(values.get(name) ?? [])]).join(SEPARATOR),
  };
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, position) => name === b[position]);
}
