import type { AccessLogConfig, LogConfig } from '../shared/config-types.ts';
import type { Duration } from '../shared/duration.ts';
import type { CertificatesInput } from './certificates-input.ts';
import type { ListenerInput } from './listener-input.ts';
import type { UpstreamInput } from './upstream-input.ts';

/**
 * What `defineConfig` takes: the config as its author writes it. `schema.ts` checks the same shape when
 * the file is loaded. Paths are relative to the config file.
 */
export interface ConfigInput {
  /** The JSON schema, for editors; otherwise ignored. */
  $schema?: string | undefined;
  /** The addresses that clients connect to; at least one. */
  listeners: readonly ListenerInput[];
  /** Named groups of backends: name → upstream. */
  upstreams?: Readonly<Record<string, UpstreamInput>> | undefined;
  /** What Tidegate obtains or makes by itself, for all https listeners. */
  certificates?: CertificatesInput | undefined;
  /** Named address lists for rules, name → CIDRs: `{ office: ['10.0.0.0/8'] }` for `req.client.in('office')`. */
  lists?: Readonly<Record<string, readonly string[]>> | undefined;
  /** Worker processes; `'auto'` (the default) is one for each core. */
  workers?: number | 'auto' | undefined;
  /** The admin API, besides the local control socket. */
  admin?: { address: string } | undefined;
  /** The user that workers run as, when started as root. */
  user?: string | undefined;
  /** The group that workers run as. Default: the user's own. */
  group?: string | undefined;
  /** How long running exchanges may take to end at a shutdown. Default: `'30s'`. */
  shutdownTimeout?: Duration | undefined;
  /** A worker that has answered nothing for this long is killed and replaced; at least a second. Default: `'10s'`. */
  workerTimeout?: Duration | undefined;
  log?: LogInput | undefined;
}

export interface LogInput {
  /** The least level that is logged. Default: `'info'`. */
  level?: LogConfig['level'] | undefined;
  /** The application log. Default: standard output. */
  file?: string | undefined;
  /** The access log; true: JSON on standard output. Default: false. */
  access?: boolean | AccessLogInput | undefined;
  /** The log of what happens to the health of backends. Default: true. */
  health?: boolean | HealthLogInput | undefined;
}

export interface HealthLogInput {
  /** A file for each day is written there. Default: in the system's folder for the state of programs. */
  folder?: string | undefined;
  /** Log every check, not changes alone. Default: false. */
  checks?: boolean | undefined;
  /** How long files are kept. Default: `'3d'`. */
  keep?: Duration | undefined;
}

export interface AccessLogInput {
  /** Default: `'json'`. */
  format?: AccessLogConfig['format'] | undefined;
  /** Default: standard output. */
  file?: string | undefined;
}
