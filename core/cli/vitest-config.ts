import { createRequire } from 'node:module';
import { join } from 'node:path';
import { packageEntries } from '../shared/package-entries.ts';

/**
 * The vitest config of `tidegate test` in projects that have none of their own: `tidegate/testing`
 * is the running Tidegate's, whether or not a package of that name is installed in the project.
 */
export default {
  resolve: {
    alias: [
      ...Object.entries(packageEntries()).map(([name, { module }]) => ({
        find: new RegExp(`^${name}$`),
        replacement: module,
      })),
      ...lentPackages(),
    ],
  },
  test: { testTimeout: 10_000 },
};

/** As for plugins that run: what their options are most likely written with need not be installed in the project. */
function lentPackages(): { readonly find: RegExp; readonly replacement: string }[] {
  try {
    createRequire(join(process.cwd(), 'package.json')).resolve('zod');
    return [];
  } catch {
    return [{ find: /^zod$/, replacement: createRequire(import.meta.url).resolve('zod') }];
  }
}
