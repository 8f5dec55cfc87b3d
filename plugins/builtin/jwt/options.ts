import { z } from 'zod';
import { conditions } from '../conditions.ts';
import { age, choice, duration, flag, integer, list, object, record, size, text, wants } from '../fields.ts';
import { changeable } from '../header-names.ts';
import { place } from './tokens.ts';

export const SYMMETRIC = ['HS256', 'HS384', 'HS512'] as const;
export const ASYMMETRIC = [
  ...(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const),
  ...(['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'] as const),
] as const;

/** RFC 7518 3.2: as long as the hash of HS256. */
const LEAST_SECRET = 32;

const isLocal = (host: string): boolean => /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(host);

const keyUrl = z.string({ error: wants('a URL') }).refine(
  (given) => {
    const parsed = URL.parse(given);
    return parsed?.protocol === 'https:' || (parsed?.protocol === 'http:' && isLocal(parsed.hostname));
  },
  { error: wants('an https URL: over plain HTTP anybody on the way could have keys of his own taken') },
);

const jwks = object({
  url: keyUrl.optional(),
  /** An upstream of the config, which is asked for `path`. */
  upstream: text("an upstream's name").optional(),
  path: z
    .string({ error: wants('a path') })
    .regex(/^\/[\x21\x24-\x7e]*$/, { error: wants('a path like "/keys"') })
    .default('/.well-known/jwks.json'),
  /** The Host of that request. */
  host: text('a host').optional(),
  /** Read again when it changes. */
  file: text('the path of a file').optional(),
  /** How often the set is fetched. */
  refresh: duration(1000).prefault('10m'),
  /** For how long after that the keys are good while it cannot be had. */
  staleFor: age().prefault('1d'),
  /** How long after a fetch an unknown key makes no other one. */
  coolDown: duration().prefault('30s'),
  timeout: duration().prefault('5s'),
}).refine(
  ({ url, upstream, file }) => [url, upstream, file].filter((each) => each !== undefined).length === 1,
  {
    error: 'expected one of `url`, `upstream` and `file`',
  },
);

const secret = object({
  value: z
    .string({ error: wants('a secret') })
    .min(LEAST_SECRET, { error: `expected a secret of at least ${LEAST_SECRET} characters` })
    .optional(),
  file: text('the path of a file').optional(),
  /** The name of an environment variable. */
  env: text('the name of an environment variable').optional(),
  encoding: choice(['utf8', 'base64']).default('utf8'),
}).refine(({ value, file, env }) => [value, file, env].filter((each) => each !== undefined).length === 1, {
  error: 'expected one of `value`, `file` and `env`',
});
export type Secret = z.output<typeof secret>;

const scalar = z.union([z.string(), z.number(), z.boolean()], {
  error: wants('a text, a number, true or false'),
});
const scopeWord = z
  .string({ error: wants('a word') })
  .regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, { error: wants('a word of a scope (RFC 6749 3.3)') });
const claim = text("a claim's name");

export const options = object({
  ...conditions,
  /** Keys of somebody who issues tokens: one of these three. */
  jwks: jwks.optional(),
  /** The path of a file with public keys or certificates in PEM, or these themselves. */
  publicKey: text('PEM, or the path of a file').optional(),
  /** Any of them may have signed. */
  secrets: list(secret, 4).min(1, { error: 'expected at least one secret' }).optional(),
  algorithms: list(choice([...SYMMETRIC, ...ASYMMETRIC]))
    .min(1, { error: 'expected at least one algorithm' })
    .optional(),
  /** Who must have issued it, and for whom: any of them. */
  issuer: list(text('an issuer')).min(1, { error: 'expected at least one issuer' }).optional(),
  audience: list(text('an audience')).min(1, { error: 'expected at least one audience' }).optional(),
  /** The `typ` of its header. */
  type: text('a type like "at+jwt"').optional(),
  clockTolerance: age().prefault('10s'),
  /** Whether it has to expire. */
  requireExpiry: flag.default(true),
  /** From when it was issued. */
  longest: age(1000).optional(),
  require: object({
    scope: list(scopeWord).default([]),
    claims: record(
      claim,
      z.union([scalar, list(scalar)], { error: wants('a value, or a list of values') }),
    ).default({}),
  }).prefault({}),
  /** Where it may be. */
  from: list(place, 8).min(1, { error: 'expected at least one place' }).prefault(['authorization']),
  /** Whether requests without one may pass. */
  optional: flag.default(false),
  /** Whether backends see it. */
  keepToken: flag.default(true),
  /** Fields that tell backends of claims. Those that a client sends are taken out. */
  claimsToHeaders: record(claim, changeable).default({}),
  /** Claims that a rule script reads as `req.variables.get('jwt.NAME')`. */
  claimsToRules: list(claim, 32).default([]),
  realm: z
    .string()
    .regex(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/, {
      error: wants('a text of ASCII characters, without " and \\'),
    })
    .default('Restricted'),
  /** The longest token that is looked at. */
  largest: size().prefault('8KiB'),
  /** How many good tokens are remembered. */
  remember: integer(0, 100_000).default(2000),
}).superRefine((value, context) => {
  const issue = (path: string[], message: string): void =>
    context.addIssue({ code: 'custom', path, message });
  if ([value.jwks, value.publicKey, value.secrets].filter((each) => each !== undefined).length !== 1)
    return issue([], 'expected one of `jwks`, `publicKey` and `secrets`');
  // RFC 8725 2.1: a public key that is taken for a secret is one that everybody knows.
  const fitting: readonly string[] = value.secrets === undefined ? ASYMMETRIC : SYMMETRIC;
  const odd = value.algorithms?.find((each) => !fitting.includes(each));
  if (odd !== undefined)
    issue(
      ['algorithms'],
      `${odd} is not for ${value.secrets === undefined ? 'public keys' : 'secrets'}: expected one of ${fitting.join(', ')}`,
    );
});
export type JwtOptions = z.input<typeof options>;
export type Options = z.output<typeof options>;
