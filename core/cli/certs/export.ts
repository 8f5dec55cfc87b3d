import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';

import { requestCertificateCommand } from '../../admin/client.ts';
import type { ExportedRow } from '../../admin/certificate-command.ts';
import { configFile } from '../config-file.ts';
import { shownPath } from '../problems.ts';
import { certsCommand, type CommonOptions } from './command.ts';
import { runningOrStored, storedFor } from './source.ts';

interface Options extends Pick<CommonOptions, 'config'> {
  readonly key?: true;
  readonly keyType?: string;
  readonly out?: string;
  readonly force?: true;
}

export function register(certs: Command): void {
  certsCommand(certs, 'export <name>', 'write a certificate with its chain as PEM, to stdout or to files', [
    'export example.com > example.com.crt',
    'export example.com --key --out /etc/other-server/tls',
  ])
    .option('--key', 'its private key, too: whoever has it can pose as this name')
    .option('--key-type <type>', 'the one of that type, where there are several')
    .option('--out <folder>', 'write NAME.KEYTYPE.crt and .key there, readable for you alone')
    .option('--force', 'write over files that are there')
    .action(async (name: string, options: Options) => {
      const file = await configFile('certs export', options.config);
      process.exitCode = file === null ? 1 : await run(file, name, options);
    });
}

async function run(file: string, name: string, options: Options): Promise<number> {
  const key = options.key ?? false;
  const all = await runningOrStored<readonly ExportedRow[]>(
    file,
    async () => {
      const { ok, problems, exported } = await requestCertificateCommand(file, {
        action: 'export',
        name,
        key,
      });
      if (!ok) throw new Error(problems.join('; '));
      return exported;
    },
    (stored) =>
      storedFor(stored, name).flatMap(({ exported }) =>
        exported === null ? [] : [key ? exported : { ...exported, key: null }],
      ),
  );
  const { keyType, out } = options;
  const wanted = all.filter((each) => keyType === undefined || each.keyType === keyType);
  const types = all.map((each) => each.keyType).join(', ');
  const [first] = wanted;
  if (first === undefined)
    throw new Error(
      all.length === 0
        ? `${name} has no certificate yet`
        : `${name} has no certificate with a key of type ${keyType}; there is ${types}`,
    );
  if (out !== undefined) {
    for (const each of wanted) await writeFiles(each, out, options.force ?? false);
    return 0;
  }
  if (wanted.length > 1)
    throw new Error(
      `${name} has several certificates: say which one with --key-type (${types}), or write all with --out`,
    );
  process.stdout.write(first.cert + (first.key ?? ''));
  return 0;
}

async function writeFiles(
  { name, keyType, cert, key }: ExportedRow,
  out: string,
  force: boolean,
): Promise<void> {
  await mkdir(out, { recursive: true, mode: 0o700 });
  // A star is for shells.
  const path = join(out, `${name.replaceAll('*', '_')}.${keyType}`);
  await writePrivate(`${path}.crt`, cert, force);
  if (key !== null) await writePrivate(`${path}.key`, key, force);
}

async function writePrivate(path: string, text: string, force: boolean): Promise<void> {
  // Written anew, since a file that is there would keep its mode.
  if (force) await rm(path, { force: true });
  try {
    await writeFile(path, text, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST')
      throw new Error(`${shownPath(path)} is there already; --force writes over it`, { cause: error });
    throw error;
  }
  process.stdout.write(`${shownPath(path)}\n`);
}
