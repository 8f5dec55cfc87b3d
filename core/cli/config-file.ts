import { resolve } from 'node:path';

import { findConfig } from '../config/load.ts';

/** The help of the option that every command takes. */
export const configOption = [
  '--config <file>',
  'config file (default: tidegate.config.{ts,js,json,yaml} in the working directory)',
] as const;

/** The absolute path of the config file that a command is about; null, with the reason on stderr, if there is none. */
export async function configFile(command: string, option: string | undefined): Promise<string | null> {
  if (option !== undefined) return resolve(option);
  const found = await findConfig(process.cwd());
  if (found.ok) return found.file;
  for (const { file, message } of found.problems)
    process.stderr.write(`tidegate ${command}: ${file}: ${message}\n`);
  return null;
}
