import { z } from 'zod';
import { DEFAULTS } from './defaults.ts';
import * as field from './fields.ts';
import { routePath } from './route-schema.ts';

/** The parts of the config schema that lead browsers to https and keep them there. */

const LONGEST_MAX_AGE_MS = 10 * 365 * 86_400_000;

export const httpsRedirect = field.object({
  status: z
    .literal([301, 302, 307, 308], { error: field.wants('one of 301, 302, 307, 308') })
    .prefault(DEFAULTS.redirect.status)
    .describe('308 and 307 keep the method and the body; 308 and 301 are remembered by browsers.'),
  port: field
    .integer(1, 65_535)
    .optional()
    .describe('Without it: 443, or the port of the https listener where none has 443.'),
  except: field
    .list(routePath)
    .prefault([])
    .describe('Paths that are served over HTTP: `/exact` or `/prefix/*`.'),
});

export const hstsSettings = field.object({
  maxAge: field
    .duration(0, LONGEST_MAX_AGE_MS)
    .prefault(DEFAULTS.hstsMaxAge)
    .describe('How long browsers remember it, in whole seconds, at most 3650d; `0s` makes them forget.'),
  includeSubDomains: field.flag.prefault(false).describe('It holds for all names below, too.'),
  preload: field.flag
    .prefault(false)
    .describe(
      'The name may be built into browsers; wants `includeSubDomains` and a year of `maxAge` at least.',
    ),
});
