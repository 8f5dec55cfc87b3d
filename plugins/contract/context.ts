import type { JsonValue } from '../../core/shared/json.ts';
import type { BodyStream, PluginHeaders } from './message.ts';

export type { JsonValue } from '../../core/shared/json.ts';

export interface PluginLog {
  debug(fields: Readonly<Record<string, unknown>>, message: string): void;
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** The same instance in the other workers of this machine. */
export interface PluginSiblings {
  /** How many workers serve, this one included. */
  readonly workers: number;
  /** To all others; arrives in order, within milliseconds, or not at all where a worker dies. At most 64 KiB as JSON. */
  send(message: JsonValue): void;
  /** One listener at a time: a later call takes the place of an earlier one. */
  onMessage(listener: (message: JsonValue) => void): void;
}

/** A request of the plugin's own to an upstream: scheduled, tried again and limited as any other, but past plugins, rules and the access log. */
export interface PluginSubrequest {
  readonly upstream: string;
  readonly method?: string;
  /** Origin-form. */
  readonly target: string;
  /** The Host field; the upstream's backends see their own address if it is left out. */
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Uint8Array | BodyStream | null;
  readonly signal?: AbortSignal;
}

export interface PluginSubresponse {
  readonly status: number;
  readonly headers: PluginHeaders;
  /** To be read to its end, or given up by `return()`; what is not read holds a connection until `signal` or the upstream's timeouts end it. */
  readonly body: BodyStream;
}

/** What a plugin instance has of the Tidegate that it runs in. */
export interface PluginContext {
  /** Where it is attached: `listener web`, `route web 2`, `upstream api`. */
  readonly attachedTo: string;
  readonly log: PluginLog;
  readonly siblings: PluginSiblings;
  /** The folder of the config file: relative paths in options are relative to it. */
  readonly folder: string;
  /** Absolute path of one in the options. */
  resolve(path: string): string;
  /** Calls `onChange` when the file's content has changed (written over or replaced), until `close`. A missing file may come. */
  watch(path: string, onChange: () => void): void;
  /** Rejects with an Error where there is no answer. */
  request(subrequest: PluginSubrequest): Promise<PluginSubresponse>;
  /** The service that another plugin instance offers by `provide`; undefined: none. Looked up at each use. */
  service(name: string): unknown;
  /** Aborted when the instance is closed. */
  readonly signal: AbortSignal;
}
