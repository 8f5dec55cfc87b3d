/** What `tidegate/plugins` offers: what plugin modules are made with, and the built-in plugins for configs. */
import { builtin } from './attach.ts';
import type { AclOptions } from './builtin/acl/options.ts';
import type { BandwidthLimitOptions } from './builtin/bandwidth-limit/bandwidth-limit.ts';
import type { ConcurrencyLimitOptions } from './builtin/concurrency-limit/concurrency-limit.ts';
import type { HelloWorldOptions } from './builtin/hello-world.ts';
import type { RateLimitOptions } from './builtin/rate-limit/options.ts';

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
