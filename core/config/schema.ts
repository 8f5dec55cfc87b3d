import { z } from 'zod';
import { certificates } from './certificates-schema.ts';
import { DEFAULTS } from './defaults.ts';
import * as field from './fields.ts';
import { healthLog } from './health-schema.ts';
import { listener } from './listener-schema.ts';
import { upstream } from './upstream-schema.ts';

/**
 * The user's config file. What comes out has its durations and sizes as numbers and its defaults
 * filled in; `resolve.ts` makes the `Config` of it. The input side is the reference for
 * `docs/config.md`, `docs/config.schema.json` and the types of `defineConfig`.
 */

export const accessLog = field.object({
  format: field
    .choice(['json', 'combined'])
    .prefault(DEFAULTS.accessFormat)
    .describe("JSON lines, or Apache's combined format."),
  file: field.path.optional().describe('Relative to the config file. Without it: standard output.'),
});

const access = z.union([field.flag, accessLog], {
  error: field.wants('true, false, or an object with `format` and `file`'),
});

const log = field.object({
  level: field
    .choice(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .prefault(DEFAULTS.logLevel)
    .describe('The least level that is logged.'),
  file: field.path
    .optional()
    .describe('The application log, relative to the config file. Without it: standard output.'),
  access: access
    .prefault(false)
    .describe('The access log: `true` for JSON on standard output, or an object.'),
  health: healthLog
    .prefault(true)
    .describe('The log of what happens to the health of backends: `false`, `true` or an object.'),
});

export const configSchema = field.object({
  $schema: z.string().optional().describe('The JSON schema, for editors; otherwise ignored.'),
  listeners: field
    .list(listener)
    .min(1, { error: 'expected at least one listener, found none' })
    .describe('The addresses that clients connect to.'),
  upstreams: field
    .named(field.name, upstream)
    .prefault({})
    .describe('Named groups of backends: name → upstream.'),
  certificates: certificates
    .optional()
    .describe('What Tidegate obtains or makes by itself, for all https listeners.'),
  lists: field
    .named(field.name, field.list(field.addressRange()))
    .prefault({})
    .describe("Named address lists for rules (`req.client.in('office')`): name → address ranges."),
  workers: z
    .union([field.integer(1, 1024), z.literal('auto')], {
      error: field.wants('an integer from 1 to 1024, or "auto"'),
    })
    .prefault(DEFAULTS.workers)
    .describe('Worker processes; `auto` is one for each core.'),
  admin: field
    .object({ address: field.listenAddress().describe('Best on the loopback interface.') })
    .optional()
    .describe('The admin API, besides the local control socket.'),
  user: field.text('a user name').optional().describe('The user that workers run as, when started as root.'),
  group: field
    .text('a group name')
    .optional()
    .describe("The group that workers run as. Without it: the user's own."),
  shutdownTimeout: field
    .duration()
    .prefault(DEFAULTS.shutdownTimeout)
    .describe('How long running exchanges may take to end at a shutdown.'),
  workerTimeout: field
    .duration(1000)
    .prefault(DEFAULTS.workerTimeout)
    .describe('A worker that has answered nothing for this long is killed and replaced. At least `1s`.'),
  log: log.prefault({}).describe('What is logged, and where to.'),
});

/** A config file's content after parsing. */
export type ConfigFile = z.output<typeof configSchema>;
