import { existsSync, readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import type { LoadHookSync, ResolveHookSync } from 'node:module';
import { extname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { transformSync } from 'esbuild';
import { packageEntries } from '../shared/package-entries.ts';

/**
 * Makes `import 'tidegate…'` mean the Tidegate that runs, in modules loaded from now on, and runs all
 * of TypeScript in them, enums included. `onInput` is told each file of theirs outside
 * node_modules, missing ones included.
 */
export function installModuleHooks(onInput: (file: string) => void): void {
  const own = new Map(
    Object.entries(packageEntries()).map(([name, entry]) => [name, pathToFileURL(entry.module).href]),
  );
  // Tidegate's own modules need no transpiling, and are no part of the config.
  const internal = new Set(own.values());

  const resolve: ResolveHookSync = (specifier, context, nextResolve) => {
    const entry = own.get(specifier);
    if (entry !== undefined) return { url: entry, shortCircuit: true };
    const result = nextResolve(existingFile(specifier, context.parentURL, onInput), context);
    if (context.parentURL !== undefined && internal.has(context.parentURL)) internal.add(result.url);
    return result;
  };

  const load: LoadHookSync = (url, context, nextLoad) => {
    if (!url.startsWith('file:') || internal.has(url)) return nextLoad(url, context);
    const file = fileURLToPath(url);
    if (file.includes('/node_modules/')) return nextLoad(url, context);
    onInput(file);
    if (!/^\.[mc]?ts$/.test(extname(file))) return nextLoad(url, context);
    const commonJs = file.endsWith('.cts');
    const { code } = transformSync(readFileSync(file, 'utf8'), {
      loader: 'ts',
      format: commonJs ? 'cjs' : 'esm',
      target: 'node24',
      sourcemap: 'inline',
      sourcefile: url,
      logLevel: 'silent',
    });
    return { format: commonJs ? 'commonjs' : 'module', source: code, shortCircuit: true };
  };

  registerHooks({ resolve, load });
}

/** `./shared` and, as TypeScript wants it written, `./shared.js` for a file `shared.ts`. */
function existingFile(
  specifier: string,
  parentUrl: string | undefined,
  onMissing: (file: string) => void,
): string {
  if (!/^\.\.?\//.test(specifier) || parentUrl?.startsWith('file:') !== true) return specifier;
  if (existsSync(new URL(specifier, parentUrl))) return specifier;
  const candidates = [specifier.replace(/\.(m?)js$/, '.$1ts'), `${specifier}.ts`];
  const found = candidates.find((candidate) => existsSync(new URL(candidate, parentUrl)));
  // Once it is there, the config is worth another try.
  if (found === undefined) onMissing(fileURLToPath(new URL(specifier, parentUrl)));
  return found ?? specifier;
}
