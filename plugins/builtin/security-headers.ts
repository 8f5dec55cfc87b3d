import { z } from 'zod';
import { definePlugin } from '../api.ts';
import { age, choice, wants, flag, list, object, readText, record, text } from './fields.ts';

const off = z.literal(false);

function orOff<Given extends z.ZodType>(given: Given, expected: string) {
  return z.union([off, given], { error: wants(`${expected}, or false`) });
}

/** What a field may hold, and of this neither `,` nor `;` where it has parts of its own. */
const value = text('a text').regex(/^[\t\x20-\x7e]+$/, { error: 'expected a text of ASCII characters' });
const source = text('a source').regex(/^[\x21-\x2b\x2d-\x3a\x3c-\x7e]+$/, {
  error: wants('a source like "\'self\'" or "https://cdn.example.com"'),
});
const directives = record(
  z.string().regex(/^[a-z-]+$/, { error: wants('a directive like "default-src"') }),
  z.union([list(source), z.literal(true)], { error: 'expected a list of sources, or true' }),
);
const policy = z
  .union([value, directives], { error: 'expected a policy as text, or its directives with their sources' })
  .transform((given) =>
    typeof given === 'string'
      ? given
      : Object.entries(given)
          .map(([name, sources]) => [name, ...(sources === true ? [] : sources)].join(' '))
          .join('; '),
  );

const options = object({
  /** Strict-Transport-Security, on answers over https: browsers use nothing else for so long. */
  hsts: orOff(
    object({ maxAge: age(), includeSubDomains: flag.default(false), preload: flag.default(false) }),
    'an object with maxAge',
  ).default(false),
  contentTypeOptions: flag.default(true),
  frameOptions: orOff(choice(['DENY', 'SAMEORIGIN']), '"DENY" or "SAMEORIGIN"').default('SAMEORIGIN'),
  referrerPolicy: orOff(
    choice([
      'no-referrer',
      'no-referrer-when-downgrade',
      'origin',
      'origin-when-cross-origin',
      'same-origin',
      'strict-origin',
      'strict-origin-when-cross-origin',
      'unsafe-url',
    ]),
    'a referrer policy',
  ).default('strict-origin-when-cross-origin'),
  contentSecurityPolicy: policy.optional(),
  /** As contentSecurityPolicy, but browsers only report what is against it. */
  contentSecurityPolicyReportOnly: policy.optional(),
  /** Features with the origins that may use them: `{ camera: [], geolocation: ['self', 'https://maps.example.com'] }`. */
  permissionsPolicy: record(
    z.string().regex(/^[a-z-]+$/, { error: wants('a feature like "camera"') }),
    list(readText('"self", "*" or an origin', permitted)),
  ).optional(),
  crossOriginOpenerPolicy: choice([
    'same-origin',
    'same-origin-allow-popups',
    'noopener-allow-popups',
    'unsafe-none',
  ]).optional(),
  crossOriginEmbedderPolicy: choice(['require-corp', 'credentialless', 'unsafe-none']).optional(),
  crossOriginResourcePolicy: choice(['same-origin', 'same-site', 'cross-origin']).optional(),
  /** Fields of the backend that tell too much. */
  hide: list(
    readText("a header field's name", (name) => (/^[\w-]+$/.test(name) ? name.toLowerCase() : undefined)),
  ).default(['x-powered-by']),
});
export type SecurityHeadersOptions = z.input<typeof options>;
type Options = z.output<typeof options>;

/** Header fields that make browsers careful. */
export default definePlugin({
  name: 'security-headers',
  options,
  create(given) {
    const hsts = given.hsts === false ? null : hstsField(given.hsts);
    const usual = usualFields(given);
    const chosen = chosenFields(given);
    return {
      response({ request, response: { headers } }) {
        for (const name of given.hide) headers.delete(name);
        // RFC 6797 7.2: not over plain HTTP.
        if (hsts !== null && request.scheme === 'https') headers.set('Strict-Transport-Security', hsts);
        for (const [name, field] of usual) if (!headers.has(name)) headers.set(name, field);
        for (const [name, field] of chosen) headers.set(name, field);
      },
    };
  },
});

function hstsField({ maxAge, includeSubDomains, preload }: Exclude<Options['hsts'], false>): string {
  const seconds = Math.floor(maxAge / 1000);
  return `max-age=${seconds}${includeSubDomains ? '; includeSubDomains' : ''}${preload ? '; preload' : ''}`;
}

/** What a backend may have said otherwise, for its own reasons. */
function usualFields({ contentTypeOptions, frameOptions, referrerPolicy }: Options): [string, string][] {
  const fields: [string, string][] = [];
  if (contentTypeOptions) fields.push(['X-Content-Type-Options', 'nosniff']);
  if (frameOptions !== false) fields.push(['X-Frame-Options', frameOptions]);
  if (referrerPolicy !== false) fields.push(['Referrer-Policy', referrerPolicy]);
  return fields;
}

/** What the config alone can have said. */
function chosenFields(given: Options): [string, string][] {
  const fields: [string, string | undefined][] = [
    ['Content-Security-Policy', given.contentSecurityPolicy],
    ['Content-Security-Policy-Report-Only', given.contentSecurityPolicyReportOnly],
    ['Permissions-Policy', given.permissionsPolicy && permissionsField(given.permissionsPolicy)],
    ['Cross-Origin-Opener-Policy', given.crossOriginOpenerPolicy],
    ['Cross-Origin-Embedder-Policy', given.crossOriginEmbedderPolicy],
    ['Cross-Origin-Resource-Policy', given.crossOriginResourcePolicy],
  ];
  return fields.flatMap(([name, field]) => (field === undefined ? [] : [[name, field] as [string, string]]));
}

/** A structured field (RFC 9651): origins are strings in it, `self` and `*` are tokens. */
function permissionsField(features: NonNullable<Options['permissionsPolicy']>): string {
  return Object.entries(features)
    .map(([name, allowed]) => (allowed.includes('*') ? `${name}=*` : `${name}=(${allowed.join(' ')})`))
    .join(', ');
}

function permitted(given: string): string | undefined {
  if (given === 'self' || given === '*') return given;
  return /^https?:\/\/[^\s"\\,;()]+$/.test(given) ? `"${given}"` : undefined;
}
