import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { Command } from 'commander';
import { vi } from 'vitest';

import { runToEnd, tidegateCli, type Ended } from '../../support/run-to-end.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Runs `tidegate ARGS` in a folder to its end. */
export function runCli(folder: string, ...args: string[]): Promise<Ended> {
  return runToEnd(process.execPath, [tidegateCli, ...args], {
    cwd: folder,
    env: { ...process.env, NO_COLOR: '1' },
  });
}

/**
 * Runs one command in a folder and in this process, where a fresh one for each of many cases would cost more than
 * the cases do.
 */
export async function runHere(
  folder: string,
  register: (program: Command) => void,
  ...args: string[]
): Promise<Ended> {
  const written = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((chunk) => {
      written[name] += String(chunk);
      return true;
    }),
  );
  const [from, exitCode] = [process.cwd(), process.exitCode];
  try {
    process.chdir(folder);
    const program = new Command('tidegate').exitOverride();
    register(program);
    await program.parseAsync(args, { from: 'user' });
    return { status: Number(process.exitCode ?? 0), ...written };
  } finally {
    process.chdir(from);
    process.exitCode = exitCode;
    for (const spy of spies) spy.mockRestore();
  }
}

/** A temporary folder that disposes of itself, with these files in it. */
export async function projectFolder(
  files: Readonly<Record<string, string>>,
): Promise<AsyncDisposable & { readonly path: string }> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'tidegate-cli-'));
  for (const [name, contents] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), contents);
  }
  return {
    path: folder,
    async [Symbol.asyncDispose]() {
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What `npm install` would do for a project's vitest and typescript. */
export async function linkNodeModules(folder: string): Promise<void> {
  await symlink(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
}
