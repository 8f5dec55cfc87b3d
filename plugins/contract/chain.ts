import type { PluginOnError } from '../../core/shared/plugin-types.ts';
import type { PluginHooks } from './hooks.ts';

/**
 * What the request path needs of the plugins of a snapshot. The host composes it, the worker injects it; the path
 * knows neither modules nor reloads.
 */

/** The hooks that are called on the way of a connection or an exchange. */
export const HOOK_NAMES = [
  'connect',
  'tls',
  'request',
  'requestBody',
  'upstream',
  'response',
  'responseBody',
  'log',
] as const;
export type HookName = (typeof HOOK_NAMES)[number];

/** A plugin with its options, at one place of the config. */
export interface PluginInstance {
  /** The plugin's own name. */
  readonly name: string;
  /** Where it is attached: `listener web`. */
  readonly attachedTo: string;
  readonly hooks: PluginHooks;
  readonly onError: PluginOnError;
  /** How often each hook was called; who calls it counts it up. */
  readonly calls: Record<HookName, number>;
  /** Says that a hook has failed: counts, logs (bounded), may break the plugin off. */
  failed(hook: HookName, error: unknown): void;
  /** Broken off by its breaker: to be passed over where `onError` is skip; where it is fail, its exchanges fail uncalled. */
  readonly isResting: boolean;
}

/** The plugins of one place, by what they take part in; null: none does, and the step is not taken. */
export interface PluginChain {
  /** All of the place in the order of the config: an answer goes out by those alone that come before the one which gave it. */
  readonly all: readonly PluginInstance[];
  readonly connect: readonly PluginInstance[] | null;
  readonly tls: readonly PluginInstance[] | null;
  readonly request: readonly PluginInstance[] | null;
  readonly requestBody: readonly PluginInstance[] | null;
  readonly upstream: readonly PluginInstance[] | null;
  /** In the order of the way out: the last one of the config first. */
  readonly response: readonly PluginInstance[] | null;
  /** In the order of the way out. */
  readonly responseBody: readonly PluginInstance[] | null;
  readonly log: readonly PluginInstance[] | null;
}

/** All plugins of a snapshot. Each map is null where nothing of its kind has plugins. */
export interface PluginChains {
  /** By the listener's name. */
  readonly listeners: ReadonlyMap<string, PluginChain> | null;
  /** By the listener's name, then the route's index. */
  readonly routes: ReadonlyMap<string, ReadonlyMap<number, PluginChain>> | null;
  /** By the upstream's name. */
  readonly upstreams: ReadonlyMap<string, PluginChain> | null;
}
