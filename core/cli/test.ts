import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { z } from 'zod';
import { moduleUrl } from '../shared/module-url.ts';
import { configOption } from './config-file.ts';

export function register(program: Command): void {
  program
    .command('test')
    .description('run the tests of the rule scripts with vitest')
    .argument('[files...]', 'only test files whose path contains one of these')
    .option(...configOption)
    .action(async (files: string[], options: { config?: string }) => {
      const folder =
        options.config === undefined ? process.cwd() : path.dirname(path.resolve(options.config));
      process.exitCode = await runTests(folder, files);
    });
}

/** @returns vitest's exit status */
async function runTests(folder: string, files: readonly string[]): Promise<number> {
  const vitest = findVitest(folder);
  if (vitest === null) {
    process.stderr.write(
      `tidegate test: vitest is not installed in ${folder}: npm install --save-dev vitest\n`,
    );
    return 1;
  }
  const config = ownConfig(folder)
    ? []
    : ['--config', fileURLToPath(moduleUrl(import.meta.url, 'vitest-config'))];
  const args = [vitest, 'run', '--root', folder, ...config, ...files];
  const child = spawn(process.execPath, args, { cwd: folder, stdio: 'inherit' });
  await once(child, 'exit');
  return child.exitCode ?? 1;
}

const manifest = z.object({ bin: z.union([z.string(), z.object({ vitest: z.string() })]) });

/** vitest's program as the project's own modules would find it, or null. */
function findVitest(folder: string): string | null {
  try {
    const file = createRequire(path.join(folder, 'package.json')).resolve('vitest/package.json');
    const { bin } = manifest.parse(JSON.parse(readFileSync(file, 'utf8')));
    return path.join(path.dirname(file), typeof bin === 'string' ? bin : bin.vitest);
  } catch {
    return null;
  }
}

function ownConfig(folder: string): boolean {
  return ['vitest', 'vite'].some((name) =>
    ['ts', 'mts', 'cts', 'js', 'mjs', 'cjs'].some((extension) =>
      existsSync(path.join(folder, `${name}.config.${extension}`)),
    ),
  );
}
