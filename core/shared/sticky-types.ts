/** How the clients of an upstream come back to the backend that served them first. */
export type StickyConfig = CookieStickyConfig | AppCookieStickyConfig | { readonly type: 'source' };

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
export interface AppCookieStickyConfig {
  readonly type: 'app-cookie';
  readonly name: string;
  /** null: its values are learned. Else they get a prefix that names the backend; `keys`: as in CookieStickyConfig. */
  readonly prefix: { readonly keys: readonly string[] } | null;
  /** How long a learned value is kept unused, by a worker. */
  readonly ttlMs: number;
  /** Learned values that a worker keeps. */
  readonly size: number;
}
