import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { packageEntries } from './package-entries.ts';

/** Lines and columns count from 1. */
export interface TypeProblem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export interface TypeCheckResult {
  /** False where no `typescript` package is installed: nothing was checked. */
  readonly available: boolean;
  readonly problems: readonly TypeProblem[];
}

const TIMEOUT_MS = 60_000;

/**
 * Type-checks the users' modules, in which `tidegate…` is the Tidegate that runs. Takes the `typescript` package that the first
 * file's folder sees, or Tidegate's own. `files`: absolute paths. `ambient`: declarations besides. Rejects when the
 * compiler itself cannot run.
 */
export async function typeCheck(
  files: readonly string[],
  options: { readonly compilerOptions: object; readonly ambient?: string },
): Promise<TypeCheckResult> {
  const compiler =
    files[0] === undefined ? null : (findCompiler(files[0]) ?? findCompiler(fileURLToPath(import.meta.url)));
  if (compiler === null) return { available: false, problems: [] };
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-check-'));
  try {
    const ambient = options.ambient === undefined ? [] : [join(folder, 'ambient.d.ts')];
    for (const file of ambient) await writeFile(file, options.ambient ?? '');
    const project = join(folder, 'tsconfig.json');
    const compilerOptions = { ...COMPILER_OPTIONS, paths: entryPaths(), ...options.compilerOptions };
    await writeFile(project, JSON.stringify({ compilerOptions, files: [...files, ...ambient] }));
    return { available: true, problems: parse(await run(compiler, project), folder) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const COMPILER_OPTIONS = {
  module: 'esnext',
  moduleResolution: 'bundler',
  allowImportingTsExtensions: true,
  allowJs: true,
  resolveJsonModule: true,
  strict: true,
  noEmit: true,
  skipLibCheck: true,
};

/** What `tidegate` and its like stand for. */
export function entryPaths(): Record<string, string[]> {
  return Object.fromEntries(Object.entries(packageEntries()).map(([name, { types }]) => [name, [types]]));
}

const manifestShape = z.object({ bin: z.object({ tsc: z.string() }) });

function findCompiler(from: string): string | null {
  try {
    const folder = packageFolder('typescript', from);
    if (folder === null) return null;
    const manifest = manifestShape.parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')));
    return join(folder, manifest.bin.tsc);
  } catch {
    return null;
  }
}

/** Where a package lies that a module would find; null: nowhere. Not every one lets its package.json be resolved, so it is looked for beside what can be. */
export function packageFolder(name: string, from: string): string | null {
  for (const folder of createRequire(from).resolve.paths(name) ?? [])
    if (existsSync(join(folder, name, 'package.json'))) return join(folder, name);
  return null;
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

function parse(output: string, folder: string): TypeProblem[] {
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
  return problems;
}
