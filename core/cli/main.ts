#!/usr/bin/env node
import { Command, CommanderError } from 'commander';

import { packageVersion } from '../shared/package-version.ts';

/** Each command's module is loaded only when it is wanted: `run` needs much that `status` does not, and the other way round. */
const commands: Readonly<Record<string, () => Promise<{ register(program: Command): void }>>> = {
  init: () => import('./init.ts'),
  run: () => import('./run.ts'),
  check: () => import('./check.ts'),
  test: () => import('./test.ts'),
  explain: () => import('./explain.ts'),
  reload: () => import('./reload.ts'),
  status: () => import('./status.ts'),
  backends: () => import('./backends.ts'),
  certs: () => import('./certs.ts'),
  plugins: () => import('./plugins.ts'),
};

async function main(args: readonly string[]): Promise<number> {
  const program = new Command('tidegate')
    .description('A programmable edge proxy and load balancer.')
    .version(packageVersion())
    .exitOverride();
  const wanted = Object.hasOwn(commands, args[0] ?? '') ? [commands[args[0] ?? '']] : Object.values(commands);
  for (const load of wanted) (await load?.())?.register(program);
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    // Commander has said on stderr what is wrong with the arguments.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    process.stderr.write(
      `tidegate ${args[0] ?? ''}: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    return 1;
  }
  return Number(process.exitCode ?? 0);
}

// Not left to the event loop: a proxy that was ended while it started still has workers that end with it.
process.exit(await main(process.argv.slice(2)));
