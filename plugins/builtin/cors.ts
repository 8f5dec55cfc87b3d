import { z } from 'zod';
import { definePlugin, type PluginHeaders, type PluginRequest } from '../api.ts';
import { age, choice, flag, list, object, readText } from './fields.ts';
import { compilePattern } from './patterns.ts';
import { addVary } from './vary.ts';

type IsAllowed = (origin: string) => boolean;

/** An origin as browsers send it, `https://*.example.com` for all hosts below, or a regular expression for all of it between slashes. */
const origin = readText<IsAllowed>(
  'an origin like "https://app.example.com" or "https://*.example.com", or "/a pattern/"',
  (given) => {
    if (/^\/.+\/$/s.test(given)) return patternOf(given.slice(1, -1));
    if (given === 'null') return (sent) => sent === 'null';
    const [, scheme, name] = /^([a-z][a-z0-9+.-]*:\/\/)\*\.([a-z0-9.-]+(?::\d+)?)$/.exec(given) ?? [];
    if (scheme !== undefined && name !== undefined)
      return (sent) =>
        sent.startsWith(scheme) &&
        sent.endsWith(`.${name}`) &&
        // What stands for the * is a name and nothing else.
        /^[a-z0-9-]+(?:\.[a-z0-9-]+)*$/.test(sent.slice(scheme.length, -name.length - 1));
    return /^[a-z][a-z0-9+.-]*:\/\/[^/*?#\s]+$/.test(given) ? (sent) => sent === given : undefined;
  },
);

const token = readText('a name of letters, digits and -', (name) =>
  /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name) ? name : undefined,
);

const options = object({
  /** Whose scripts may read answers; `"*"`: everybody's. */
  origins: z.union([z.literal('*'), list(origin).min(1, { error: 'expected at least one origin' })], {
    error:
      'expected "*" or a list of origins like "https://app.example.com", "https://*.example.com" or "/a pattern/"',
  }),
  methods: list(token).default(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']),
  /** Request fields that scripts may set; `"any"`: what they ask for. */
  headers: z
    .union([choice(['any']), list(token)], { error: 'expected "any" or a list of field names' })
    .default('any'),
  /** Answer fields that scripts may read, besides the few that they always may. */
  expose: list(token).default([]),
  /** Whether requests may carry cookies and the like. */
  credentials: flag.default(false),
  /** How long browsers may keep the answer to a preflight. */
  maxAge: age().default(600_000),
  /** Whether public pages may reach this private network (Access-Control-Request-Private-Network). */
  privateNetwork: flag.default(false),
}).refine(({ origins, credentials }) => !(origins === '*' && credentials), {
  path: ['credentials'],
  error: 'browsers refuse credentials where every origin is allowed: name the origins',
});
export type CorsOptions = z.input<typeof options>;
type Options = z.output<typeof options>;

/** The fields that this plugin alone decides: two of them, the backend's and ours, are refused by browsers. */
const DECIDED_HERE = [
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-allow-methods',
  'access-control-allow-headers',
  'access-control-allow-private-network',
  'access-control-expose-headers',
  'access-control-max-age',
];

/** Cross-origin requests (https://fetch.spec.whatwg.org/#http-cors-protocol): answers preflights, and says who may read answers. */
export default definePlugin({
  name: 'cors',
  options,
  create: (given) => ({
    request({ request }) {
      if (!isPreflight(request)) return undefined;
      return { status: 204, headers: preflightFields(given, request) };
    },
    response({ request, response: { headers } }) {
      for (const name of DECIDED_HERE) headers.delete(name);
      const allowed = allowedOrigin(given, request.headers);
      if (given.origins !== '*') addVary(headers, ['Origin']);
      if (allowed === null) return;
      headers.set('Access-Control-Allow-Origin', allowed);
      if (given.credentials) headers.set('Access-Control-Allow-Credentials', 'true');
      if (given.expose.length > 0) headers.set('Access-Control-Expose-Headers', given.expose.join(', '));
    },
  }),
});

function isPreflight({ method, headers }: PluginRequest): boolean {
  return method === 'OPTIONS' && headers.has('origin') && headers.has('access-control-request-method');
}

function allowedOrigin({ origins }: Options, headers: PluginHeaders): string | null {
  const sent = headers.getAll('origin');
  const [only] = sent;
  if (only === undefined || sent.length > 1) return null;
  if (origins === '*') return '*';
  return origins.some((isAllowed) => isAllowed(only)) ? only : null;
}

/** A refusal is an answer without these fields. */
function preflightFields(given: Options, { headers }: PluginRequest): Record<string, string> {
  const asked = ['Access-Control-Request-Method', 'Access-Control-Request-Headers'];
  const vary = given.origins === '*' ? asked : ['Origin', ...asked];
  const fields: Record<string, string> = { Vary: vary.join(', ') };
  const allowed = allowedOrigin(given, headers);
  if (allowed === null) return fields;
  fields['Access-Control-Allow-Origin'] = allowed;
  if (given.credentials) fields['Access-Control-Allow-Credentials'] = 'true';
  fields['Access-Control-Allow-Methods'] = given.methods.join(', ');
  const wanted =
    given.headers === 'any' ? headers.get('access-control-request-headers') : given.headers.join(', ');
  if (wanted !== null && wanted !== '') fields['Access-Control-Allow-Headers'] = wanted;
  fields['Access-Control-Max-Age'] = String(Math.floor(given.maxAge / 1000));
  if (given.privateNetwork && headers.get('access-control-request-private-network') === 'true')
    fields['Access-Control-Allow-Private-Network'] = 'true';
  return fields;
}

function patternOf(source: string): IsAllowed | undefined {
  try {
    const compiled = compilePattern(`^(?:${source})$`);
    return (sent) => compiled.matches(sent);
  } catch {
    return undefined;
  }
}
