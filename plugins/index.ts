/** What `tidegate/plugins` offers: what plugin modules are made with, and the built-in plugins for configs. */
import { builtin } from './attach.ts';
import type { AclOptions } from './builtin/acl/options.ts';
import type { BandwidthLimitOptions } from './builtin/bandwidth-limit/bandwidth-limit.ts';
import type { BasicAuthOptions } from './builtin/basic-auth/basic-auth.ts';
import type { CacheOptions } from './builtin/cache/options.ts';
import type { CompressOptions } from './builtin/compress/options.ts';
import type { ConcurrencyLimitOptions } from './builtin/concurrency-limit/concurrency-limit.ts';
import type { CorsOptions } from './builtin/cors.ts';
import type { ErrorPagesOptions } from './builtin/error-pages.ts';
import type { FaultOptions } from './builtin/fault.ts';
import type { ForwardAuthOptions } from './builtin/forward-auth/options.ts';
import type { HeadersOptions } from './builtin/headers.ts';
import type { HelloWorldOptions } from './builtin/hello-world.ts';
import type { JwtOptions } from './builtin/jwt/options.ts';
import type { MaintenanceOptions } from './builtin/maintenance.ts';
import type { MirrorOptions } from './builtin/mirror/options.ts';
import type { RateLimitOptions } from './builtin/rate-limit/options.ts';
import type { RedirectHttpsOptions } from './builtin/redirect-https.ts';
import type { RedirectOptions } from './builtin/redirect.ts';
import type { RequestLimitsOptions } from './builtin/request-limits.ts';
import type { RewriteOptions } from './builtin/rewrite.ts';
import type { SecurityHeadersOptions } from './builtin/security-headers.ts';
import type { SignedUrlOptions } from './builtin/signed-url.ts';
import type { SplitOptions } from './builtin/split.ts';
import type { StaticOptions } from './builtin/static/options.ts';

export * from './api.ts';
export type { PluginUse } from './attach.ts';
export type { PluginAttachment } from '../core/shared/plugin-attachment.ts';

/** Answers one path itself and marks everything else: the plugin to copy for one of your own. */
export const helloWorld = builtin<HelloWorldOptions>('hello-world');

/** Who may come in: by address, country, method, path, host and header. */
export const acl = builtin<AclOptions>('acl');

/** So many requests in so long for each client, API key, path …, over all workers. */
export const rateLimit = builtin<RateLimitOptions>('rate-limit');

/** So many exchanges at a time, with a queue for those above. */
export const concurrencyLimit = builtin<ConcurrencyLimitOptions>('concurrency-limit');

/** So many bytes of bodies a second, for each connection and in all. */
export const bandwidthLimit = builtin<BandwidthLimitOptions>('bandwidth-limit');

/** Asks for a name and a password. */
export const basicAuth = builtin<BasicAuthOptions>('basic-auth');

/** Keeps answers that may be kept, and gives them to all who ask for the same. */
export const cache = builtin<CacheOptions>('cache');

/** Packs answers with gzip, brotli or zstd for clients that take them so, and unpacks requests. */
export const compress = builtin<CompressOptions>('compress');

/** Says whose scripts may read answers, and answers preflights. */
export const cors = builtin<CorsOptions>('cors');

/** Pages of one’s own where something went wrong. */
export const errorPages = builtin<ErrorPagesOptions>('error-pages');

/** Delays and failures, to see what becomes of them. */
export const fault = builtin<FaultOptions>('fault');

/** Asks somebody else whether a request may pass. */
export const forwardAuth = builtin<ForwardAuthOptions>('forward-auth');

/** Sets, adds and removes header fields of requests and answers. */
export const headers = builtin<HeadersOptions>('headers');

/** Asks for a JSON Web Token, and says what it says. */
export const jwt = builtin<JwtOptions>('jwt');

/** 503 to everybody, but for those who work on it. */
export const maintenance = builtin<MaintenanceOptions>('maintenance');

/** Sends copies of requests to another upstream, and forgets about them. */
export const mirror = builtin<MirrorOptions>('mirror');

/** Sends clients elsewhere. */
export const redirect = builtin<RedirectOptions>('redirect');

/** Sends requests over plain HTTP to the same URL over https. */
export const redirectHttps = builtin<RedirectHttpsOptions>('redirect-https');

/** Refuses requests that are larger than, or otherwise than, what is served. */
export const requestLimits = builtin<RequestLimitsOptions>('request-limits');

/** Changes path, query and host of requests. */
export const rewrite = builtin<RewriteOptions>('rewrite');

/** Header fields that make browsers careful. */
export const securityHeaders = builtin<SecurityHeadersOptions>('security-headers');

/** Lets only signed URLs through, until they expire. */
export const signedUrl = builtin<SignedUrlOptions>('signed-url');

/** A share of the requests to each of several upstreams. */
export const split = builtin<SplitOptions>('split');

/** Serves the files of a folder. An import can not be called `static`: it takes this name, or one of its own. */
export const staticFiles = builtin<StaticOptions>('static');
export { staticFiles as static };
