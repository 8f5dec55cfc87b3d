import type { Duration } from '../shared/duration.ts';

/** How clients come back to the backend that served them first. */
export interface StickyInput {
  /** `'cookie'`: by a cookie of Tidegate's own. `'app-cookie'`: by a cookie that the backends set. `'source'`: by the client's address. */
  type: 'cookie' | 'app-cookie' | 'source';
  /** The name of the cookie; required with `app-cookie`. Default with `cookie`: `tidegate-` and the name of the upstream. */
  name?: string | undefined;
  /** With `cookie`: its Path. Default: `'/'`. */
  path?: string | undefined;
  /** With `cookie`: its Domain. Default: the host that was asked. */
  domain?: string | undefined;
  /** With `cookie`: whether it is sent over https only. Default: `'auto'`, if the client came that way. */
  secure?: boolean | 'auto' | undefined;
  /** With `cookie`: whether it is out of reach of scripts in pages. Default: true. */
  httpOnly?: boolean | undefined;
  /** With `cookie`: whether it comes with requests from other sites. Default: `'lax'`. */
  sameSite?: 'strict' | 'lax' | 'none' | undefined;
  /** With `cookie`: how long browsers keep it. Default: until the browser is closed. */
  maxAge?: Duration | undefined;
  /** With `cookie`, or `prefix`: signs; of a list the first one signs and all are accepted. Default: a random one that a restart replaces. */
  key?: string | readonly string[] | undefined;
  /** With `app-cookie`: the values that backends set get a prefix which names the backend, instead of being learned. Default: false. */
  prefix?: boolean | undefined;
  /** With `app-cookie` and `source`: how long it is kept where a client belongs that does not come. Default: `'30m'`. */
  ttl?: Duration | undefined;
  /** With `app-cookie` and `source`: of how many clients that is kept. Default: 100000. */
  size?: number | undefined;
}
