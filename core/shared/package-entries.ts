import { fileURLToPath } from 'node:url';

export type PackageEntryName = 'tidegate' | 'tidegate/rules' | 'tidegate/plugins' | 'tidegate/testing';

export interface PackageEntry {
  /** Absolute path of the module that runs: `.ts` in the repository, `.js` in the package. */
  readonly module: string;
  /** Absolute path of what describes its types: `.ts` in the repository, `.d.ts` in the package. */
  readonly types: string;
}

/**
 * Where the public entry points of the running Tidegate lie. Config, rule and plugin files may import
 * them from any folder, whether or not a `tidegate` package is installed there.
 */
export function packageEntries(): Record<PackageEntryName, PackageEntry> {
  return {
    tidegate: entry('core/index'),
    'tidegate/rules': entry('rules/api'),
    'tidegate/plugins': entry('plugins/index'),
    'tidegate/testing': entry('core/testing'),
  };
}

function entry(name: string): PackageEntry {
  const compiled = !import.meta.url.endsWith('.ts');
  const path = (extension: string): string =>
    fileURLToPath(new URL(`../../${name}${extension}`, import.meta.url));
  return { module: path(compiled ? '.js' : '.ts'), types: path(compiled ? '.d.ts' : '.ts') };
}
