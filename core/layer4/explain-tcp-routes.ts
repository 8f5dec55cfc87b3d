import type { TcpRouteConfig } from '../shared/layer4-types.ts';
import type { TcpRouteMatch } from './tcp-routes.ts';

export interface TcpRouteVerdict {
  readonly route: TcpRouteConfig;
  /** The row in the listener's table, from 0. */
  readonly index: number;
  /** `chosen`, `less-specific` (it fits, but the chosen row is more specific or stands before it), or the condition that does not hold. */
  readonly outcome: 'chosen' | 'less-specific' | 'alpn' | 'server-name';
  /** The outcome in words. */
  readonly reason: string;
}

export interface TcpRouteExplanation {
  readonly match: TcpRouteMatch | undefined;
  /** Every row of the table: those that fit first, the most specific at the head; then those that came closest; the rest in the table's order. */
  readonly considered: readonly TcpRouteVerdict[];
}

/**
 * The rules of precedence once more, row by row. `TcpRouteTable.match` finds the same row by an index; a property test holds the
 * two together.
 */
export function explainTcpRoutes(
  routes: readonly TcpRouteConfig[],
  serverName: string | null,
  alpn: readonly string[],
): TcpRouteExplanation {
  const verdicts = routes.map((route, index) => judge(route, index, serverName, alpn));
  const [best] = verdicts.filter(({ outcome }) => outcome === 'less-specific').sort(bySpecificity);
  const considered = verdicts
    .map((verdict): TcpRouteVerdict =>
      verdict === best
        ? { ...verdict, outcome: 'chosen', reason: 'the most specific row that fits' }
        : verdict,
    )
    .sort(
      (a, b) =>
        CLOSENESS.indexOf(a.outcome) - CLOSENESS.indexOf(b.outcome) ||
        (a.outcome === 'less-specific' ? bySpecificity(a, b) : a.index - b.index),
    );
  return { match: best && { route: best.route, index: best.index }, considered };
}

const CLOSENESS: readonly TcpRouteVerdict['outcome'][] = ['chosen', 'less-specific', 'alpn', 'server-name'];

function judge(
  route: TcpRouteConfig,
  index: number,
  serverName: string | null,
  alpn: readonly string[],
): TcpRouteVerdict {
  if (!nameFits(route.serverName, serverName)) {
    const asked = serverName === null ? 'no server name is asked for' : `server name ${serverName}`;
    return {
      route,
      index,
      outcome: 'server-name',
      reason: `${asked}, and the row is for ${route.serverName}`,
    };
  }
  if (route.alpn !== null && !alpn.includes(route.alpn))
    return { route, index, outcome: 'alpn', reason: `${route.alpn} is not offered by ALPN` };
  return {
    route,
    index,
    outcome: 'less-specific',
    reason: 'fits, but a more specific or earlier row fits too',
  };
}

function nameFits(wanted: string | null, serverName: string | null): boolean {
  if (wanted === null) return true;
  if (serverName === null) return false;
  return wanted.startsWith('*.')
    ? serverName.length > wanted.length - 1 && serverName.endsWith(wanted.slice(1))
    : serverName === wanted;
}

function bySpecificity(a: TcpRouteVerdict, b: TcpRouteVerdict): number {
  return (
    nameRank(b.route.serverName) - nameRank(a.route.serverName) ||
    Number(b.route.alpn !== null) - Number(a.route.alpn !== null) ||
    a.index - b.index
  );
}

/** Exact names above all others, wildcards by their length, none at the bottom. */
function nameRank(name: string | null): number {
  if (name === null) return 0;
  return name.startsWith('*.') ? name.length : Number.MAX_SAFE_INTEGER;
}
