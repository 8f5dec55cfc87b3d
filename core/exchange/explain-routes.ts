import type { RouteConfig } from '../shared/listener-types.ts';
import type { HeaderLookup, RouteMatch } from './route-index.ts';

export interface RouteVerdict {
  readonly route: RouteConfig;
  /** The row in the listener's table, from 0. */
  readonly index: number;
  /** `chosen`, `less-specific` (it fits, but the chosen row is more specific or stands before it), or the first condition that does not hold. */
  readonly outcome: 'chosen' | 'less-specific' | 'host' | 'path' | 'method' | 'header';
  /** The outcome in words, e.g. `method POST is none of GET, HEAD`. */
  readonly reason: string;
}

export interface RouteExplanation {
  readonly match: RouteMatch | undefined;
  /** Every row of the table: those that fit first, the most specific at the head; then those that came closest (host fits, path fits, …); the rest in the table's order. */
  readonly considered: readonly RouteVerdict[];
}

interface RouteQuery {
  readonly host: string;
  readonly path: string;
  readonly method: string;
  readonly header: HeaderLookup;
}

/**
 * The rules of precedence once more, as plainly as they can be written: row by row. `RouteTable.match` finds the
 * same row by an index; a property test holds the two together.
 */
export function explainRoutes(routes: readonly RouteConfig[], query: RouteQuery): RouteExplanation {
  const verdicts = routes.map((route, index) => judge(route, index, query));
  const [best] = verdicts.filter((verdict) => verdict.outcome === 'less-specific').sort(bySpecificity);
  const considered = verdicts
    .map((verdict): RouteVerdict =>
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

const CLOSENESS: readonly RouteVerdict['outcome'][] = [
  'chosen',
  'less-specific',
  'method',
  'header',
  'path',
  'host',
];

function judge(route: RouteConfig, index: number, query: RouteQuery): RouteVerdict {
  const verdict = (outcome: RouteVerdict['outcome'], reason: string): RouteVerdict => ({
    route,
    index,
    outcome,
    reason,
  });
  if (!hostFits(route.host, query.host))
    return verdict('host', `host ${query.host || '(none)'} is not ${route.host}`);
  if (!pathFits(route.path, query.path)) {
    return verdict(
      'path',
      `path ${query.path} ${route.path?.endsWith('/*') ? `does not begin with ${route.path.slice(0, -1)}` : `is not ${route.path}`}`,
    );
  }
  for (const { name, value } of route.headers) {
    const sent = query.header(name);
    if (sent === null) return verdict('header', `header ${name} was not sent`);
    if (value !== true && sent !== value)
      return verdict('header', `header ${name} is ${JSON.stringify(sent)}, not ${JSON.stringify(value)}`);
  }
  if (route.methods.length > 0 && !route.methods.includes(query.method)) {
    return verdict('method', `method ${query.method} is none of ${route.methods.join(', ')}`);
  }
  return verdict('less-specific', 'fits, but a more specific or earlier row fits too');
}

function hostFits(wanted: string | null, host: string): boolean {
  if (wanted === null) return true;
  return wanted.startsWith('*.')
    ? host.length > wanted.length - 1 && host.endsWith(wanted.slice(1))
    : host === wanted;
}

function pathFits(wanted: string | null, path: string): boolean {
  if (wanted === null) return true;
  return wanted.endsWith('/*') ? path.startsWith(wanted.slice(0, -1)) : path === wanted;
}

function bySpecificity(a: RouteVerdict, b: RouteVerdict): number {
  return (
    patternRank(b.route.host, '*.') - patternRank(a.route.host, '*.') ||
    patternRank(b.route.path, '/*') - patternRank(a.route.path, '/*') ||
    headerNames(b.route) - headerNames(a.route) ||
    Number(b.route.methods.length > 0) - Number(a.route.methods.length > 0) ||
    a.index - b.index
  );
}

/** Exact patterns above all others, wildcards by their length, none at the bottom. */
function patternRank(pattern: string | null, wildcard: string): number {
  if (pattern === null) return 0;
  return pattern.includes(wildcard) ? pattern.length : Number.MAX_SAFE_INTEGER;
}

function headerNames(route: RouteConfig): number {
  return new Set(route.headers.map((header) => header.name)).size;
}
