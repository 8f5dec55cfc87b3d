/** The plugins that Tidegate brings along, by the names of `core/shared/builtin-plugins.ts`. Each is loaded when a config uses it. */
export const BUILTINS = {
  acl: () => import('./acl/acl.ts'),
  'bandwidth-limit': () => import('./bandwidth-limit/bandwidth-limit.ts'),
  'concurrency-limit': () => import('./concurrency-limit/concurrency-limit.ts'),
  'hello-world': () => import('./hello-world.ts'),
  'rate-limit': () => import('./rate-limit/rate-limit.ts'),
};
