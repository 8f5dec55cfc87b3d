import type { BuiltinPluginName } from '../core/shared/builtin-plugins.ts';
import type { PluginAttachment } from '../core/shared/plugin-attachment.ts';

/** An entry of a `plugins` list. */
export interface PluginUse extends PluginAttachment {
  readonly use: string;
  readonly options: object;
}

/** Where all options may be left out, so may the argument. */
type Arguments<Options> =
  Partial<Options> extends Options
    ? [options?: Options, attachment?: PluginAttachment]
    : [options: Options, attachment?: PluginAttachment];

/** A typed way to use a built-in plugin. It only names it: a config loads no plugin. */
export function builtin<Options extends object>(
  name: BuiltinPluginName,
): (...given: Arguments<Options>) => PluginUse {
  return (...[options, attachment]) => ({ use: name, options: options ?? {}, ...attachment });
}
