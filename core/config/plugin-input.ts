import type { PluginAttachment } from '../shared/plugin-attachment.ts';

/** A plugin: what to use, alone or with its options and settings. The factories of `tidegate/plugins` make it for the built-in ones. */
export type PluginInput = string | PluginSettingsInput;

export interface PluginSettingsInput extends PluginAttachment {
  /** A built-in's name, the path of a module (`'./plugins/greeting.ts'`), or an npm package. */
  use: string;
  /** What the plugin's own validator takes. Default: `{}`. */
  options?: unknown;
}
