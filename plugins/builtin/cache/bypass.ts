import type { PluginRequest } from '../../api.ts';
import { cookieOf } from '../cookies.ts';
import type { FieldReader } from './field-copy.ts';
import type { Options } from './options.ts';
import { LONGEST_KEY } from './request-keys.ts';

/** Fields that some backends and frameworks let take the place of the method, host or target: the key knows nothing of what they ask for. */
const DISGUISES = [
  'x-http-method-override',
  'x-http-method',
  'x-method-override',
  'x-original-url',
  'x-original-uri',
  'x-rewrite-url',
  'x-url-scheme',
  'x-host',
  'x-original-host',
  'x-backend-host',
  'x-http-host-override',
  'x-forwarded-server',
  'x-forwarded-scheme',
  'x-forwarded-ssl',
  'x-forwarded-prefix',
  'x-forwarded-path',
  'x-forwarded-uri',
  'front-end-https',
];
/** A condition that is for the origin alone (RFC 9111 4.3.2), and what is no plain request. */
const FOR_BACKEND = ['if-match', 'if-unmodified-since', 'upgrade'];

export function isBypassed(
  { hasBody, headers }: PluginRequest,
  key: string,
  bypass: Options['bypass'],
): boolean {
  return (
    hasBody ||
    key.length > LONGEST_KEY ||
    FOR_BACKEND.some((name) => headers.has(name)) ||
    bypass.headers.some((name) => headers.has(name)) ||
    bypass.cookies.some((name) => cookieOf(headers, name) !== null)
  );
}

/** Whether its answer could be to something else than its key says. */
export function isDisguised(headers: FieldReader): boolean {
  return DISGUISES.some((name) => headers.has(name));
}
