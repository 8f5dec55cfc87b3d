import type { RouteConfig } from '../../../core/shared/listener-types.ts';
import { RouteTable } from '../../../core/exchange/routes.ts';

/** A row; `upstream` names it in expectations. */
export function row(upstream: string, conditions: Partial<Omit<RouteConfig, 'upstream'>> = {}): RouteConfig {
  return { host: null, path: null, methods: [], headers: [], plugins: [], ...conditions, upstream };
}

/** The upstream that a table gives a request, or undefined. */
export function upstreamFor(
  routes: readonly RouteConfig[],
  host: string,
  path: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Readonly<Record<string, string>> } = {},
): string | undefined {
  return new RouteTable(routes).match(host, path, method, (name) => headers[name] ?? null)?.route.upstream;
}
