import type { Command } from 'commander';

import { configOption } from '../config-file.ts';

export interface CommonOptions {
  readonly config?: string;
  readonly json?: true;
}

/** One of `tidegate certs`, with what all of them have. `examples`: without `tidegate certs`. */
export function certsCommand(
  certs: Command,
  usage: string,
  description: string,
  examples: readonly string[],
): Command {
  const lines = examples.map((example) => `  tidegate certs ${example}`);
  return certs
    .command(usage)
    .description(description)
    .option(...configOption)
    .addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}
