import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { moduleUrl } from '../core/shared/module-url.ts';
import { packageEntries } from '../core/shared/package-entries.ts';
import type { RuleProblem } from './compile.ts';
import { isOwnFile } from './own-files.ts';

export interface TypeCheckResult {
  /** False where no `typescript` package is installed: nothing was checked. */
  readonly available: boolean;
  readonly problems: readonly RuleProblem[];
}

const TIMEOUT_MS = 60_000;

/**
 * Type-checks rule scripts as they run: the sandbox's globals and nothing else. Takes the `typescript`
 * package that the first script's folder sees, or Tidegate's own. `files`: absolute paths. Rejects
 * when the compiler itself cannot run.
 */
export async function typeCheckRules(files: readonly string[]): Promise<TypeCheckResult> {
  const compiler =
    files[0] === undefined ? null : (findCompiler(files[0]) ?? findCompiler(fileURLToPath(import.meta.url)));
  if (compiler === null) return { available: false, problems: [] };
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-check-'));
  try {
    const ambient = join(folder, 'sandbox.d.ts');
    await writeFile(ambient, ambientTypes());
    const project = join(folder, 'tsconfig.json');
    await writeFile(
      project,
      JSON.stringify({ compilerOptions: compilerOptions(), files: [...files, ambient] }),
    );
    return { available: true, problems: parse(await run(compiler, project), folder) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const manifestShape = z.object({ bin: z.object({ tsc: z.string() }) });

function findCompiler(from: string): string | null {
  try {
    // Not every version lets its package.json be resolved, so it is looked for beside what can be.
    for (const folder of createRequire(from).resolve.paths('typescript') ?? []) {
      const manifest = join(folder, 'typescript', 'package.json');
      if (!existsSync(manifest)) continue;
      return join(dirname(manifest), manifestShape.parse(JSON.parse(readFileSync(manifest, 'utf8'))).bin.tsc);
    }
    return null;
  } catch {
    return null;
  }
}

function compilerOptions(): object {
  const paths = Object.fromEntries(
    Object.entries(packageEntries()).map(([name, { types }]) => [name, [types]]),
  );
  return {
    target: 'es2024',
    lib: ['es2024'],
    types: [],
    module: 'esnext',
    moduleResolution: 'bundler',
    allowImportingTsExtensions: true,
    allowJs: true,
    resolveJsonModule: true,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    paths,
  };
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

function run(compiler: string, project: string): Promise<string> {
  return new Promise((done, fail) => {
    const args = [compiler, '--project', project, '--pretty', 'false'];
    execFile(
      process.execPath,
      args,
      { timeout: TIMEOUT_MS, maxBuffer: 16 * 2 ** 20, cwd: dirname(project) },
      (error, stdout, stderr) => {
        // The compiler's own exit status says that there are problems; they are on its standard output.
        if (error !== null && stdout === '')
          fail(new Error(`the TypeScript compiler failed: ${stderr || error.message}`));
        else done(stdout);
      },
    );
  });
}

const DIAGNOSTIC = /^(?:(.+)\((\d+),(\d+)\): )?error (TS\d+: .*)$/;

function parse(output: string, folder: string): RuleProblem[] {
  const problems: { file: string; line: number; column: number; message: string }[] = [];
  for (const line of output.split(/\r?\n/)) {
    const match = DIAGNOSTIC.exec(line);
    const last = problems.at(-1);
    if (match !== null) {
      const [, file = '', row = '0', column = '0', message = ''] = match;
      problems.push({ file: resolve(folder, file), line: Number(row), column: Number(column), message });
    } else if (last !== undefined && line.startsWith(' ')) {
      // A message's further lines are indented.
      last.message += `\n${line}`;
    }
  }
  // Our own sources are checked with our own settings.
  return problems.filter(({ file }) => !isOwnFile(file));
}
