import { z } from 'zod';
import * as field from './fields.ts';
import { plugins } from './plugin-schema.ts';
import { readRouteHost, readRoutePath } from './route-pattern.ts';

/** The part of the config schema that describes a listener's routes. */

const routeHost = field.readText('a host', (input) => {
  const host = readRouteHost(input);
  return host.ok ? { ok: true, value: host.text } : host;
});

export const routePath = field.readText('a path', (input) => {
  const path = readRoutePath(input);
  return path.ok ? { ok: true, value: path.text } : path;
});

const headerMatch = z.union(
  [
    z.literal(true),
    z.string().regex(/^[\t\x20-\x7e\x80-\xff]*$/, {
      error: field.wants('a header value without control characters'),
    }),
  ],
  { error: field.wants('a text in quotes, or true for "is present"') },
);

export const route = field.object({
  host: routeHost
    .optional()
    .describe('`api.example.com`, or `*.example.com` for every name below. Without it: any host.'),
  path: routePath.optional().describe('`/exact`, or `/prefix/*` for everything below. Without it: any path.'),
  method: field.token
    .optional()
    .describe('The only method that matches. Without it and `methods`: any method.'),
  methods: field.list(field.token).optional().describe('The methods that match.'),
  headers: field
    .named(
      z.string().regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, { error: field.wants('a header name') }),
      headerMatch,
    )
    .optional()
    .describe('Headers that the request must have: name → exact value, or `true` for any value.'),
  upstream: field.name.describe('Where matching requests go.'),
  plugins,
});

export type RouteFile = z.output<typeof route>;
