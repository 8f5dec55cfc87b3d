import type { Duration } from '../shared/duration.ts';
import type { ProbeConfig } from '../shared/health-types.ts';

export interface HealthCheckInput {
  /** What is done. Default: `'tcp'`. */
  type?: ProbeConfig['type'] | undefined;
  /** From one check to the next; at least `'100ms'`. Default: `'5s'`. */
  interval?: Duration | undefined;
  /** Each interval is longer or shorter by up to this share, from 0 to 0.5. Default: 0.1. */
  jitter?: number | undefined;
  /** For a whole check. Default: as long as `interval`, at most `'2s'`. */
  timeout?: Duration | undefined;
  /** Good checks in a row that bring a backend up. Default: 2. */
  rise?: number | undefined;
  /** Bad checks in a row that take it down. Default: 2. */
  fall?: number | undefined;
  /**
   * In place of `interval` while a backend is down, or its last check spoke against its state; at least `'50ms'`. Default: a third of
   * `interval`, from `'50ms'` to `'1s'`.
   */
  fastInterval?: Duration | undefined;
  /** The port to check. Default: the backend's own. */
  port?: number | undefined;
  /** The local IP address that checks come from. Default: as the system chooses. */
  sourceAddress?: string | undefined;
  /** With `http`, `https`, `h2`. Default: `'GET'`. */
  method?: string | undefined;
  /** With `http`, `https`, `h2`, `websocket`. Default: `'/'`. */
  path?: string | undefined;
  /** With `http`, `https`, `h2`, `grpc`, `websocket`. Default: the backend's address. */
  host?: string | undefined;
  /** With `http`, `https`, `h2`, `websocket`: sent besides. */
  headers?: Readonly<Record<string, string>> | undefined;
  /** With `http`, `https`, `h2`: the statuses that are good: `200` or `'200-399,404'`. Default: `'200-399'`. */
  status?: string | number | undefined;
  /** With `http`, `https`, `h2`: what the first 64 KiB of the body have to hold. */
  body?: string | undefined;
  /** With `http`, `https`, `h2`: the member of a JSON answer that the `dynamic-ratio` scheduler takes for the weight: `'load.weight'`. */
  weightField?: string | undefined;
  /** With `http`, `https`: whether checks follow each other on one connection, five at most. Default: true. */
  reuse?: boolean | undefined;
  /** With `grpc`: the service that is asked for. Default: the server as a whole. */
  service?: string | undefined;
  /** With `tcp`, `tls`, `udp`, `agent`: what is sent; a character up to `\xff` is one byte. */
  send?: string | undefined;
  /** With `tcp`, `tls`, `udp`: what the answer has to hold. */
  expect?: string | undefined;
  /** With `command`: program and arguments, started without a shell. */
  command?: readonly string[] | undefined;
}

export interface PassiveHealthInput {
  /** Failed attempts in a row that eject a backend. Default: 3. */
  failures?: number | undefined;
  /** The share of failed attempts and 5xx answers in `window` that ejects it. Default: 0.5. */
  errorRatio?: number | undefined;
  /** How many requests there must have been in `window` for `errorRatio` to count. Default: 20. */
  minRequests?: number | undefined;
  /** What `errorRatio` looks at. Default: `'10s'`. */
  window?: Duration | undefined;
  /** How long a backend is left out at first; each time after that for twice as long. Default: `'5s'`. */
  ejection?: Duration | undefined;
  /** The longest that grows to. Default: `'5m'`. */
  maxEjection?: Duration | undefined;
  /** When more than this share of the usable backends is ejected, all of them are used. Default: 0.5. */
  maxEjected?: number | undefined;
}
