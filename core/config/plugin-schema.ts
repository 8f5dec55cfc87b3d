import { resolve } from 'node:path';
import { z } from 'zod';
import { isBuiltinPlugin } from '../shared/builtin-plugins.ts';
import { isJson } from '../shared/json.ts';
import type {
  PluginBreakerConfig,
  PluginConfig,
  PluginOnError,
  PluginSource,
} from '../shared/plugin-types.ts';
import { DEFAULTS } from './defaults.ts';
import * as field from './fields.ts';

/** The part of the config schema that describes a plugin where it is attached. */

/** Instances come about at the same time, and within the time that a worker has to prepare a snapshot. */
const LONGEST_CREATE_MS = 20_000;

export const pluginUse = field.text("a built-in plugin's name, a path or a package");

const breaker = field.object({
  faults: field
    .integer(1, 1000)
    .prefault(DEFAULTS.pluginBreaker.faults)
    .describe('So many faults within `window`, in one worker, break it off.'),
  window: field
    .duration()
    .prefault(DEFAULTS.pluginBreaker.window)
    .describe('The time in which faults count.'),
  rest: field
    .duration()
    .prefault(DEFAULTS.pluginBreaker.rest)
    .describe('How long it is left alone; `onError` says what becomes of its exchanges meanwhile.'),
});

const pluginSettings = field.object({
  use: pluginUse.describe(
    "A built-in's name, the path of a module (`./…`, `../…`, `/…`), or an npm package.",
  ),
  options: z
    .unknown()
    .refine((value) => value === undefined || isJson(value), { error: field.wants('what JSON can say') })
    .optional()
    .describe("What the plugin's own validator takes. Without it: `{}`."),
  onError: z
    .union([field.choice(['fail', 'skip']), field.integer(400, 599)], {
      error: field.wants('"fail", "skip", or a status from 400 to 599'),
    })
    .prefault(DEFAULTS.pluginOnError)
    .describe(
      'What becomes of an exchange in which a hook of the plugin fails: `fail` answers 500, a number that status, `skip` goes on as if the plugin were not there.',
    ),
  createTimeout: field
    .duration(1, LONGEST_CREATE_MS)
    .prefault(DEFAULTS.pluginCreateTimeout)
    .describe('How long an instance may take to come about; `20s` at most.'),
  breaker: z
    .union([z.literal(false), breaker], {
      error: field.wants('false, or an object with `faults`, `window` and `rest`'),
    })
    .prefault(false)
    .describe('Breaks the plugin off for a while when it fails too often, or `false`.'),
});

const plugin = z.union([pluginUse, pluginSettings], {
  error: field.wants("a built-in plugin's name, a path, a package, or an object with `use` and `options`"),
});

export const plugins = field
  .list(plugin)
  .prefault([])
  .describe(
    'What takes part in its exchanges, in the order of the way in: each the name of a built-in plugin, the path of a module, an npm package, or an object with `use` and `options`.',
  );

export type PluginFile = z.output<typeof plugin>;

/** What `use` stands for, given the names of the built-in ones. `folder`: that of the config. */
export function pluginSource(use: string, folder: string): PluginSource {
  if (/^\.{0,2}\//.test(use)) return { kind: 'file', file: resolve(folder, use) };
  return isBuiltinPlugin(use) ? { kind: 'builtin', name: use } : { kind: 'package', name: use };
}

export function resolvePlugins(given: readonly PluginFile[], folder: string): PluginConfig[] {
  return given.map((each) => {
    const settings = typeof each === 'string' ? pluginSettings.parse({ use: each }) : each;
    return {
      use: settings.use,
      source: pluginSource(settings.use, folder),
      options: isJson(settings.options) ? settings.options : {},
      onError: resolveOnError(settings.onError),
      createTimeoutMs: settings.createTimeout,
      breaker: settings.breaker === false ? null : resolveBreaker(settings.breaker),
    };
  });
}

function resolveOnError(onError: 'fail' | 'skip' | number): PluginOnError {
  if (onError === 'skip') return { kind: 'skip' };
  return { kind: 'fail', status: onError === 'fail' ? 500 : onError };
}

function resolveBreaker({ faults, window, rest }: z.output<typeof breaker>): PluginBreakerConfig {
  return { faults, windowMs: window, restMs: rest };
}
