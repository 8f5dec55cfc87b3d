import type { TcpRouteConfig } from '../shared/layer4-types.ts';
import { explainTcpRoutes, type TcpRouteExplanation } from './explain-tcp-routes.ts';

export interface TcpRouteMatch {
  readonly route: TcpRouteConfig;
  /** The row in the listener's table, from 0. */
  readonly index: number;
}

/**
 * The table of routes of a TCP or TLS listener. The most specific row wins, wherever it stands:
 * 1. exact server name, longest wildcard (`*.example.com`: any name below, at any depth, not `example.com`), no server name;
 * 2. rows with a protocol that the client offers before rows without; 3. the order in the table.
 * Where no row of the best name fits the protocols, the next less specific ones are tried. A match costs a lookup for each label of
 * the name, and the rows with that name.
 */
export class TcpRouteTable {
  readonly #routes: readonly TcpRouteConfig[];
  /** By `db.example.com`, `*.example.com` or null, of each the ones with a protocol first. */
  readonly #byName = new Map<string | null, TcpRouteMatch[]>();

  constructor(routes: readonly TcpRouteConfig[]) {
    this.#routes = routes;
    for (const [index, route] of routes.entries()) {
      const rows = this.#byName.get(route.serverName) ?? [];
      this.#byName.set(route.serverName, [...rows, { route, index }].sort(byProtocolAndOrder));
    }
  }

  /** `serverName`: in lower case, null for none. `alpn`: what the client offers. */
  match(serverName: string | null, alpn: readonly string[]): TcpRouteMatch | undefined {
    for (const name of namesFor(serverName)) {
      const found = this.#byName
        .get(name)
        ?.find(({ route }) => route.alpn === null || alpn.includes(route.alpn));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** What `match` would choose, and for every row of the table why it is or is not that. For people. */
  explain(serverName: string | null, alpn: readonly string[]): TcpRouteExplanation {
    return explainTcpRoutes(this.#routes, serverName, alpn);
  }
}

function byProtocolAndOrder(a: TcpRouteMatch, b: TcpRouteMatch): number {
  return Number(a.route.alpn === null) - Number(b.route.alpn === null) || a.index - b.index;
}

/** What a row that fits may have as its name, the most specific first. */
function* namesFor(serverName: string | null): Generator<string | null> {
  if (serverName !== null) {
    yield serverName;
    for (let dot = serverName.indexOf('.'); dot !== -1; dot = serverName.indexOf('.', dot + 1)) {
      // A wildcard stands for one character at least.
      if (dot > 0) yield `*${serverName.slice(dot)}`;
    }
  }
  yield null;
}
