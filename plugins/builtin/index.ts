/** The plugins that Tidegate brings along, by the names of `core/shared/builtin-plugins.ts`. Each is loaded when a config uses it. */
export const BUILTINS = {
  'hello-world': () => import('./hello-world.ts'),
};
