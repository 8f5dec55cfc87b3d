import { packageEntries } from '../shared/package-entries.ts';

/**
 * The vitest config of `tidegate test` in projects that have none of their own: `tidegate/testing`
 * is the running Tidegate's, whether or not a package of that name is installed in the project.
 */
export default {
  resolve: {
    alias: Object.entries(packageEntries()).map(([name, { module }]) => ({
      find: new RegExp(`^${name}$`),
      replacement: module,
    })),
  },
  test: { testTimeout: 10_000 },
};
