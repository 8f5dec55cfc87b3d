import { readFile } from 'node:fs/promises';
import { dirname, extname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { BuildOptions, Loader, OnLoadResult, PluginBuild } from 'esbuild';

/** The name of the first module of every bundle, which no file holds. */
export const ENTRY_NAME = 'tidegate-plugin-entry';

/** What a plugin may import without its project having it: the validator that its options are most likely written with. */
const LENT_PACKAGES = /^zod(?:\/|$)/;
const OWN_FOLDER = dirname(fileURLToPath(import.meta.url));

/** How a module learns where it lies, which a bundle would otherwise say of itself. */
const PLACES = {
  'import.meta.url': '__tidegate_url',
  'import.meta.filename': '__tidegate_filename',
  'import.meta.dirname': '__tidegate_dirname',
  __filename: '__tidegate_filename',
  __dirname: '__tidegate_dirname',
} as const;
const NAMES_PLACE = /\b(?:import\.meta|__filename|__dirname)\b/;

/** What a plugin's imports come to. Every file that is read joins `inputs`. */
export function pluginResolver(inputs: Set<string>): Pick<BuildOptions, 'plugins' | 'define'> {
  return {
    define: PLACES,
    plugins: [
      {
        name: 'tidegate-plugin',
        setup(setup) {
          resolveTidegate(setup);
          lendPackages(setup);
          requireAddons(setup);
          setup.onLoad({ filter: /\.[cm]?[jt]sx?$/, namespace: 'file' }, (args) => {
            inputs.add(args.path);
            return loadWithPlace(args.path);
          });
          setup.onLoad({ filter: /.*/, namespace: 'file' }, (args) => {
            inputs.add(args.path);
            return undefined;
          });
        },
      },
    ],
  };
}

function resolveTidegate(setup: PluginBuild): void {
  setup.onResolve({ filter: /^tidegate(?:\/|$)/ }, ({ path }) => {
    if (path === 'tidegate/plugins') return { path, external: true };
    return { errors: [{ text: `a plugin can import "tidegate/plugins" only, not "${path}"` }] };
  });
}

function lendPackages(setup: PluginBuild): void {
  setup.onResolve({ filter: LENT_PACKAGES }, async (args) => {
    if (args.pluginData === 'lend') return undefined;
    const { resolveDir, importer, kind } = args;
    const found = await setup.resolve(args.path, { resolveDir, importer, kind, pluginData: 'lend' });
    if (found.errors.length === 0) return found;
    return setup.resolve(args.path, { resolveDir: OWN_FOLDER, importer, kind, pluginData: 'lend' });
  });
}

/** Native code is loaded once and for all, by its file. */
function requireAddons(setup: PluginBuild): void {
  setup.onLoad({ filter: /\.node$/, namespace: 'file' }, ({ path }) => ({
    contents: `const load = require;\nmodule.exports = load(${JSON.stringify(path)});\n`,
    loader: 'js',
  }));
}

/** Says in a module that asks for it where it lies. Without a line of its own, so that lines stay what they are. */
async function loadWithPlace(file: string): Promise<OnLoadResult | undefined> {
  const text = await readFile(file, 'utf8');
  if (!NAMES_PLACE.test(text) || text.startsWith('#!')) return undefined;
  const place = {
    __tidegate_url: pathToFileURL(file).href,
    __tidegate_filename: file,
    __tidegate_dirname: dirname(file),
  };
  const declarations = Object.entries(place).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
  return {
    contents: `const ${declarations.join(', ')}; ${text}`,
    loader: loaderOf(file),
    resolveDir: dirname(resolve(file)),
  };
}

function loaderOf(file: string): Loader {
  switch (extname(file)) {
    case '.ts':
    case '.mts':
    case '.cts':
      return 'ts';
    case '.tsx':
      return 'tsx';
    case '.jsx':
      return 'jsx';
    default:
      return 'js';
  }
}
