import { z } from 'zod';
import { parseDuration } from '../shared/duration.ts';
import type { StickyConfig } from '../shared/sticky-types.ts';
import { DEFAULTS } from './defaults.ts';
import * as field from './fields.ts';

/** The part of the config schema that describes the sticky sessions of an upstream. */

const LEAST_KEY = 16;
const secret = z
  .string({ error: field.wants('a text') })
  // Without what was found: it may be the better part of a key.
  .min(LEAST_KEY, { error: `expected at least ${LEAST_KEY} characters, found fewer` });

const keys = z.union(
  [secret, field.list(secret).min(1, { error: 'expected at least one key, found none' })],
  { error: `expected a text of at least ${LEAST_KEY} characters, or a list of them` },
);

const cookiePath = z
  .string({ error: field.wants('a path that begins with "/"') })
  // RFC 6265 4.1.1: a path-value ends at a semicolon.
  .regex(/^\/[!-:<-~]*$/, { error: field.wants('a path that begins with "/", without ";" and spaces') });

const cookieDomain = z
  .string({ error: field.wants('a host name') })
  .regex(/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/, { error: field.wants('a host name') });

export const sticky = field.object({
  type: field
    .choice(['cookie', 'app-cookie', 'source'])
    .describe(
      "`cookie`: by a cookie of Tidegate's own. `app-cookie`: by a cookie that the backends set. `source`: by the client's address.",
    ),
  name: field.token
    .optional()
    .describe(
      'The name of the cookie; required with `app-cookie`. With `cookie` without it: `tidegate-` and the name of the upstream.',
    ),
  path: cookiePath.optional().describe(`With \`cookie\`: its Path. Without it: \`${DEFAULTS.sticky.path}\`.`),
  domain: cookieDomain
    .optional()
    .describe('With `cookie`: its Domain. Without it: the cookie is for the host that was asked.'),
  secure: z
    .union([field.flag, z.literal('auto')], { error: field.wants('true, false, or "auto"') })
    .optional()
    .describe(
      'With `cookie`: whether it is sent over https only; `auto`: if the client came that way. Without it: `auto`.',
    ),
  httpOnly: field.flag
    .optional()
    .describe(
      `With \`cookie\`: whether it is out of reach of scripts in pages. Without it: \`${DEFAULTS.sticky.httpOnly}\`.`,
    ),
  sameSite: field
    .choice(['strict', 'lax', 'none'])
    .optional()
    .describe(
      `With \`cookie\`: whether it comes with requests from other sites. Without it: \`${DEFAULTS.sticky.sameSite}\`.`,
    ),
  maxAge: field
    .duration(1000)
    .optional()
    .describe(
      'With `cookie`: how long browsers keep it; at least 1s. Without it: until the browser is closed.',
    ),
  key: keys
    .optional()
    .describe(
      'With `cookie`, or `prefix`: the secret that cookies are signed with, or a list of which the first one signs and all are accepted; 16 characters or more. Without it: a random one that a restart replaces.',
    ),
  prefix: field.flag
    .optional()
    .describe(
      'With `app-cookie`: the values that backends set get a prefix which names the backend, instead of being learned. Without it: `false`.',
    ),
  ttl: field
    .duration(1000)
    .optional()
    .describe(
      `With \`app-cookie\` and \`source\`: how long it is kept where a client belongs that does not come; at least 1s. Without it: \`${DEFAULTS.sticky.ttl}\`.`,
    ),
  size: field
    .integer(1, 10_000_000)
    .optional()
    .describe(
      `With \`app-cookie\` and \`source\`: of how many clients that is kept. Without it: ${DEFAULTS.sticky.size}.`,
    ),
});

export type StickyFile = z.output<typeof sticky>;

/** `upstream`: its name. */
export function resolveSticky(file: StickyFile, upstream: string): StickyConfig {
  const { type, name, path, domain, secure, httpOnly, sameSite, maxAge, key = [], prefix, ttl, size } = file;
  const signing = typeof key === 'string' ? [key] : key;
  const learnedBounds = {
    ttlMs: ttl ?? parseDuration(DEFAULTS.sticky.ttl) ?? 0,
    size: size ?? DEFAULTS.sticky.size,
  };
  switch (type) {
    case 'source':
      return { type, ...learnedBounds };
    case 'app-cookie':
      return {
        type,
        name: name ?? '',
        prefix: (prefix ?? DEFAULTS.sticky.prefix) ? { keys: signing } : null,
        ...learnedBounds,
      };
    case 'cookie':
      return {
        type,
        name: name ?? `tidegate-${upstream}`,
        path: path ?? DEFAULTS.sticky.path,
        domain: domain ?? null,
        secure: secure ?? DEFAULTS.sticky.secure,
        httpOnly: httpOnly ?? DEFAULTS.sticky.httpOnly,
        sameSite: sameSite ?? DEFAULTS.sticky.sameSite,
        maxAgeMs: maxAge ?? null,
        keys: signing,
      };
  }
}
