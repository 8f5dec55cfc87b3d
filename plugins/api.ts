/** `tidegate/plugins`: what plugin modules import. */

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
  | { readonly value: Options; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string }[] };

/** Header fields as a plugin sees them. Names are matched whatever their case. */
export interface PluginHeaders {
  /** All values joined by `, `, or null. */
  get(name: string): string | null;
  has(name: string): boolean;
  set(name: string, value: string): void;
  append(name: string, value: string): void;
  delete(name: string): void;
}

/** One request and its answer. */
export interface PluginExchange {
  readonly request: {
    readonly method: string;
    /** Origin-form. */
    readonly target: string;
    readonly host: string;
    readonly clientAddress: string;
    readonly headers: PluginHeaders;
  };
}

/** The answer is there from the `response` hook on. */
export interface PluginAnsweredExchange extends PluginExchange {
  readonly response: { status: number; readonly headers: PluginHeaders };
}

/** The points of an exchange at which a plugin is called, and the end of its life. */
export interface PluginHooks {
  request?(exchange: PluginExchange): void;
  response?(exchange: PluginAnsweredExchange): void;
  /** Called once, after the last exchange that uses the plugin. */
  close?(): void | Promise<void>;
}

export interface Plugin<Options> {
  readonly name: string;
  readonly options: OptionsValidator<Options>;
  /** Makes an instance with valid options. Anything that takes resources belongs here, not into the module's top level. */
  readonly create: (options: Options) => PluginHooks | Promise<PluginHooks>;
}

/** Describes a plugin module; the module's default export. */
export function definePlugin<Options>(plugin: Plugin<Options>): Plugin<Options> {
  return plugin;
}
