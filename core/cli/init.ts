import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { packageVersion } from '../shared/package-version.ts';
import { starterFiles } from './starter-files.ts';

export function register(program: Command): void {
  program
    .command('init')
    .description('write a commented starter project with a rule script and its test')
    .argument('[dir]', 'a new or empty folder', '.')
    .action(async (folder: string) => {
      process.exitCode = await init(path.resolve(folder), packageVersion());
    });
}

/** @returns the exit status */
async function init(folder: string, version: string): Promise<number> {
  const found = await filesIn(folder);
  if (found === null) {
    process.stderr.write(`tidegate init: ${folder} is not a folder\n`);
    return 1;
  }
  if (found.length > 0) {
    process.stderr.write(
      `tidegate init: expected a new or empty folder, found ${found.slice(0, 3).join(', ')} in ${folder}\n`,
    );
    return 1;
  }
  const files = starterFiles(version);
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    // 'wx': never over a file that came up in the meantime.
    await writeFile(file, text, { flag: 'wx' });
  }
  const shown = path.relative(process.cwd(), folder) || '.';
  process.stdout.write(
    `Wrote a starter project to ${shown}:\n${Object.keys(files)
      .map((name) => `  ${name}`)
      .join('\n')}\n\n`,
  );
  const enter = shown === '.' ? '' : `cd ${shown} && `;
  process.stdout.write(`Next: ${enter}npm install && npx tidegate check && npx tidegate test\n`);
  return 0;
}

/** What lies in a folder, nothing where there is no such folder, null where it is something else. A fresh git repository counts as empty. */
async function filesIn(folder: string): Promise<string[] | null> {
  try {
    return (await readdir(folder)).filter((name) => name !== '.git');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT') return [];
    if (code === 'ENOTDIR') return null;
    throw error;
  }
}
