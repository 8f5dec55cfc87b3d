import type { RouteConfig } from '../shared/listener-types.ts';
import { explainRoutes, type RouteExplanation } from './explain-routes.ts';
import { PathRows, type HeaderLookup, type RouteMatch } from './route-index.ts';

/** `host`: as in a request's head, an IPv6 address in brackets. */
export function hostWithoutPort(host: string): string {
  const colon = host.lastIndexOf(':');
  return colon === -1 || host.endsWith(']') ? host : host.slice(0, colon);
}

/** A prefix table, walked segment by segment (or, for hosts, label by label from the right). */
interface Node<Value> {
  readonly children: Map<string, Node<Value>>;
  value: Value | null;
}

/** The rows with one host. */
class HostRows {
  readonly #exact = new Map<string, PathRows>();
  readonly #prefixes: Node<PathRows> = { children: new Map(), value: null };
  #any: PathRows | null = null;

  add(match: RouteMatch): void {
    this.#rowsFor(match.route.path).add(match);
  }

  /** Exact path before the longest prefix before shorter ones before rows without a path. */
  find(path: string, method: string, header: HeaderLookup): RouteMatch | undefined {
    return (
      this.#exact.get(path)?.find(method, header) ??
      findByPrefix(this.#prefixes, path, 1, method, header) ??
      this.#any?.find(method, header)
    );
  }

  #rowsFor(path: string | null): PathRows {
    if (path === null) return (this.#any ??= new PathRows());
    if (path.endsWith('/*')) {
      let node = this.#prefixes;
      for (const segment of path.slice(1, -1).split('/').slice(0, -1)) node = childOf(node, segment);
      return (node.value ??= new PathRows());
    }
    let rows = this.#exact.get(path);
    if (rows === undefined) {
      rows = new PathRows();
      this.#exact.set(path, rows);
    }
    return rows;
  }
}

/**
 * A listener's table of routes. The most specific row wins, wherever it stands:
 * 1. exact host, longest wildcard (`*.example.com`: any name below, at any depth, not `example.com`), no host;
 * 2. exact path, longest prefix (`/a/*`: all that begins with `/a/`, not `/a`), no path;
 * 3. more header conditions; 4. rows that list the method before rows for all methods; 5. the order in the table.
 * Where no row of the best host and path fits the request's method and headers, the next less specific ones are tried.
 *
 * A match costs a few hash lookups, a step for each label of the host and each segment of the path, and does not
 * depend on the number of rows.
 */
export class RouteTable {
  readonly #routes: readonly RouteConfig[];
  readonly #exact = new Map<string, HostRows>();
  readonly #wildcards: Node<HostRows> = { children: new Map(), value: null };
  #any: HostRows | null = null;

  constructor(routes: readonly RouteConfig[]) {
    this.#routes = routes;
    for (const [index, route] of routes.entries()) this.#rowsFor(route.host).add({ route, index });
  }

  /** `host`: lower case, without port. `path`: normalised, without query. */
  match(host: string, path: string, method: string, header: HeaderLookup): RouteMatch | undefined {
    return (
      this.#exact.get(host)?.find(path, method, header) ??
      findByHost(this.#wildcards, host, host.length, path, method, header) ??
      this.#any?.find(path, method, header)
    );
  }

  /** What `match` would choose, and for every row of the table why it is or is not that. Reads the whole table: for people. */
  explain(host: string, path: string, method: string, header: HeaderLookup): RouteExplanation {
    return explainRoutes(this.#routes, { host, path, method, header });
  }

  #rowsFor(host: string | null): HostRows {
    if (host === null) return (this.#any ??= new HostRows());
    if (host.startsWith('*.')) {
      let node = this.#wildcards;
      for (const label of host.slice(2).split('.').reverse()) node = childOf(node, label);
      return (node.value ??= new HostRows());
    }
    let rows = this.#exact.get(host);
    if (rows === undefined) {
      rows = new HostRows();
      this.#exact.set(host, rows);
    }
    return rows;
  }
}

function childOf<Value>(node: Node<Value>, name: string): Node<Value> {
  let child = node.children.get(name);
  if (child === undefined) {
    child = { children: new Map(), value: null };
    node.children.set(name, child);
  }
  return child;
}

/** Goes down as far as the table does and tries the longest prefix first on the way back. `start`: of the next segment. */
function findByPrefix(
  node: Node<PathRows>,
  path: string,
  start: number,
  method: string,
  header: HeaderLookup,
): RouteMatch | undefined {
  if (node.children.size > 0) {
    const end = path.indexOf('/', start);
    const child = end === -1 ? undefined : node.children.get(path.slice(start, end));
    const found = child === undefined ? undefined : findByPrefix(child, path, end + 1, method, header);
    if (found !== undefined) return found;
  }
  // `*`, the target of OPTIONS, is below no prefix, not even `/*` (RFC 9110 9.3.7)
  return path.startsWith('/') ? node.value?.find(method, header) : undefined;
}

/** The same from the right. `end`: where the label to look at ends. A wildcard stands for one label at least. */
function findByHost(
  node: Node<HostRows>,
  host: string,
  end: number,
  path: string,
  method: string,
  header: HeaderLookup,
): RouteMatch | undefined {
  if (node.children.size > 0 && end > 0) {
    const dot = host.lastIndexOf('.', end - 1);
    const child = dot <= 0 ? undefined : node.children.get(host.slice(dot + 1, end));
    const found = child === undefined ? undefined : findByHost(child, host, dot, path, method, header);
    if (found !== undefined) return found;
  }
  return node.value?.find(path, method, header);
}
