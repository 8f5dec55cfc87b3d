import { hash } from 'node:crypto';
import type { PluginExchange, PluginSubrequest } from '../../api.ts';
import { FORWARDING_FIELDS, forwardingFields } from '../forwarding-fields.ts';
import type { Options } from './options.ts';

/** What is asked about a request: never its body, nor what frames it. */
export function questionAbout(exchange: PluginExchange, given: Options): PluginSubrequest {
  const { request } = exchange;
  const said: Readonly<Record<string, string>> = {
    ...forwardingFields(exchange),
    'X-Forwarded-Method': request.method,
    'X-Forwarded-Uri': request.target,
    ...(given.originalUri && {
      'X-Original-Method': request.method,
      'X-Original-URI': request.target,
      'X-Original-URL': `${request.scheme}://${request.host}${request.target}`,
    }),
  };
  // Ours to say, and not the client's, also where they are asked for, and in other letters.
  const ours = new Set([...FORWARDING_FIELDS, ...Object.keys(said).map((name) => name.toLowerCase())]);
  const headers: Record<string, string | readonly string[]> = {};
  for (const name of given.requestHeaders) {
    const values = request.headers.getAll(name);
    if (values.length > 0 && !ours.has(name.toLowerCase())) headers[name] = values;
  }
  Object.assign(headers, said);
  return {
    upstream: given.upstream,
    target: given.target,
    method: given.method === 'GET' ? 'GET' : request.method,
    ...(given.host === undefined ? {} : { host: given.host }),
    headers,
  };
}

const IGNORED = {
  address: ['X-Forwarded-For'],
  method: ['X-Forwarded-Method', 'X-Original-Method'],
  target: ['X-Forwarded-Uri', 'X-Original-URI', 'X-Original-URL'],
} as const;

/** The same for two requests only where the same is asked, but for what the answer does not depend on, and the request's number. */
export function keyOf(
  { method = '', headers = {} }: PluginSubrequest,
  ignore: readonly (keyof typeof IGNORED)[],
): string {
  const left: readonly string[] = ['X-Request-Id', ...ignore.flatMap((each) => IGNORED[each])];
  const asked = Object.entries(headers).filter(([name]) => !left.includes(name));
  return hash('sha256', JSON.stringify([ignore.includes('method') ? '' : method, asked]), 'base64');
}
