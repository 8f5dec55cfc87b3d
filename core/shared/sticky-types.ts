/** How the clients of an upstream come back to the backend that served them first. */
export type StickyConfig = CookieStickyConfig | AppCookieStickyConfig | SourceStickyConfig;

/** By the client's address. */
export interface SourceStickyConfig extends LearnedBounds {
  readonly type: 'source';
}

/** How much is kept of which client belongs where: by each worker, and by the primary. */
export interface LearnedBounds {
  /** For how long unused. */
  readonly ttlMs: number;
  /** Of how many clients. */
  readonly size: number;
}

/** What names a client (a long value as its hash), the place of its backend, and how long ago it was used. */
export type LearnedSession = readonly [key: string, place: string, agoMs: number];

/** What a worker has learned of the clients of an upstream. */
export interface LearnedNews {
  readonly upstream: string;
  /** Of the cookie that names a client; empty: its address does. */
  readonly cookie: string;
  readonly sessions: readonly LearnedSession[];
}

/** By a cookie of the proxy's own. */
export interface CookieStickyConfig {
  readonly type: 'cookie';
  readonly name: string;
  readonly path: string;
  /** null: the host that was asked only. */
  readonly domain: string | null;
  /** `auto`: where the client came over TLS. */
  readonly secure: boolean | 'auto';
  readonly httpOnly: boolean;
  readonly sameSite: 'strict' | 'lax' | 'none';
  /** null: until the browser is closed. */
  readonly maxAgeMs: number | null;
  /** The first one signs, all are accepted. Empty where the config has none: the primary fills in its own before workers get it. */
  readonly keys: readonly string[];
}

/** By a cookie that the backends set. */
export interface AppCookieStickyConfig extends LearnedBounds {
  readonly type: 'app-cookie';
  readonly name: string;
  /** null: its values are learned. Else they get a prefix that names the backend; `keys`: as in CookieStickyConfig. */
  readonly prefix: { readonly keys: readonly string[] } | null;
}
