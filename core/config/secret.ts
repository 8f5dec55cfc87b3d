import { resolve } from 'node:path';
import { z } from 'zod';
import * as field from './fields.ts';
import { readRegularFile } from './regular-file.ts';

const expected = 'expected a text, `{ env: "NAME" }` or `{ file: "./path" }`';

/** Without what was found: it may be the better part of a secret. */
const plain = z.string({ error: expected }).min(1, { error: `${expected}, found an empty text` });

const elsewhere = field
  .object({
    env: field.text('the name of an environment variable').optional().describe('An environment variable.'),
    file: field.path.optional().describe('A file; white space at its end does not count.'),
  })
  .refine(({ env, file }) => (env === undefined) !== (file === undefined), {
    error: 'expected either `env` or `file`',
  });

/** A text that may stand elsewhere than in the config. */
export const secret = z.union([plain, elsewhere], { error: expected });

export type SecretFile = z.output<typeof secret>;

export type ReadSecret =
  | { readonly ok: true; readonly text: string }
  /** `key`: below the secret. */
  | { readonly ok: false; readonly key: 'env' | 'file'; readonly problem: string };

/** `folder`: of the config file. */
export async function readSecret(
  given: Exclude<SecretFile, string>,
  folder: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<ReadSecret> {
  if (given.env !== undefined) {
    const text = environment[given.env] ?? '';
    return text === ''
      ? {
          ok: false,
          key: 'env',
          problem: `expected an environment variable that is set, found none: ${given.env}`,
        }
      : { ok: true, text };
  }
  const file = resolve(folder, given.file ?? '');
  const read = await readRegularFile(file);
  if (!read.ok)
    return {
      ok: false,
      key: 'file',
      problem: `expected a file with the secret, found ${read.found}: ${file}`,
    };
  const text = read.text.trimEnd();
  return text === ''
    ? { ok: false, key: 'file', problem: `expected a file with the secret, found an empty one: ${file}` }
    : { ok: true, text };
}

/** Under which a secret that stands elsewhere is found among the texts that were read for a config. */
export function secretKey(given: Exclude<SecretFile, string>, folder: string): string {
  // No absolute path begins like this.
  return given.env === undefined ? resolve(folder, given.file ?? '') : `env:${given.env}`;
}

export function secretText(given: SecretFile, folder: string, texts: ReadonlyMap<string, string>): string {
  return typeof given === 'string' ? given : (texts.get(secretKey(given, folder)) ?? '').trimEnd();
}
