import { fileURLToPath } from 'node:url';
import { moduleUrl } from '../core/shared/module-url.ts';
import { typeCheck, type TypeCheckResult } from '../core/shared/type-check.ts';
import { isOwnFile } from './own-files.ts';

/**
 * Type-checks rule scripts as they run: the sandbox's globals and nothing else. Takes the `typescript`
 * package that the first script's folder sees, or Tidegate's own. `files`: absolute paths. Rejects
 * when the compiler itself cannot run.
 */
export async function typeCheckRules(files: readonly string[]): Promise<TypeCheckResult> {
  const { available, problems } = await typeCheck(files, {
    compilerOptions: { target: 'es2024', lib: ['es2024'], types: [] },
    ambient: ambientTypes(),
  });
  // Our own sources are checked with our own settings.
  return { available, problems: problems.filter(({ file }) => !isOwnFile(file)) };
}

/** Describes what `runtime/globals.ts` provides. */
function ambientTypes(): string {
  const runtime = (name: string): string => {
    const module = fileURLToPath(moduleUrl(import.meta.url, `runtime/${name}`));
    return JSON.stringify(module);
  };
  const classes: readonly (readonly [name: string, module: string])[] = [
    ['URLSearchParams', 'url-search-params'],
    ['TextEncoder', 'text-encoding'],
    ['TextDecoder', 'text-encoding'],
  ];
  return [
    'export {};',
    'declare global {',
    `  const console: import(${runtime('console')}).Console;`,
    `  const atob: typeof import(${runtime('base64')}).atob;`,
    `  const btoa: typeof import(${runtime('base64')}).btoa;`,
    ...classes.flatMap(([name, module]) => [
      `  type ${name} = import(${runtime(module)}).${name};`,
      `  const ${name}: typeof import(${runtime(module)}).${name};`,
    ]),
    '}',
    '',
  ].join('\n');
}
