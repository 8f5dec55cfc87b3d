/** What plugin modules import from `tidegate/plugins`. */
import type { PluginContext } from './contract/context.ts';
import type { PluginHooks } from './contract/hooks.ts';
import type { PluginAnswer } from './contract/message.ts';

export type * from './contract/context.ts';
export type * from './contract/exchange.ts';
export type * from './contract/hooks.ts';
export type * from './contract/message.ts';

export { AddressSet, AddressSetBuilder } from '../core/shared/address-set.ts';
export { parseDuration } from '../core/shared/duration.ts';
export { inTurns } from '../core/shared/in-turns.ts';
export { moduleUrl } from '../core/shared/module-url.ts';
export { didYouMean } from '../core/shared/nearest-name.ts';
export { networkOf } from '../core/shared/network-of.ts';
export { parseSize } from '../core/shared/size.ts';

/**
 * What checks a plugin's options: a validator of any library that implements Standard Schema
 * (https://standardschema.dev), of which only this much is used.
 */
export interface OptionsValidator<Options> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => OptionsResult<Options> | Promise<OptionsResult<Options>>;
    readonly types?: { readonly input: unknown; readonly output: Options } | undefined;
  };
}

export type OptionsResult<Options> =
  { readonly value: Options; readonly issues?: undefined } | { readonly issues: readonly OptionsIssue[] };

export interface OptionsIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** An upstream that options name. `path`: where in them, like `['to', 'canary']`. */
export interface NamedUpstream {
  readonly name: string;
  readonly path: readonly PropertyKey[];
}

export interface Plugin<Options> {
  /** Lower case with dashes: what it goes by in the log and in `tidegate plugins list`. */
  readonly name: string;
  readonly options: OptionsValidator<Options>;
  /** The upstreams that these options name: one that the config does not have is refused, as a wrong option is. */
  upstreams?(options: Options): readonly NamedUpstream[];
  /** Makes an instance with valid options; may take `createTimeout` (5 s). Anything that takes resources belongs here, not into the module's top level. */
  create(options: Options, context: PluginContext): PluginHooks | Promise<PluginHooks>;
}

/** Describes a plugin module; the module's default export. */
export function definePlugin<Options>(plugin: Plugin<Options>): Plugin<Options> {
  return plugin;
}

/** A redirect, for a hook to return. `status`: 301, 302, 303, 307 or 308. */
export function redirectTo(location: string, status = 302): PluginAnswer {
  return { status, headers: { location } };
}

/** A plain text answer, for a hook to return. */
export function textAnswer(status: number, text: string): PluginAnswer {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: text };
}
