import { X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';

import { FileStorage } from '../../../certs/file-storage.ts';
import { readLocalRoot, ROOT_KEY } from '../../../certs/self-signed.ts';
import { configFile } from '../config-file.ts';
import { printable } from '../printable.ts';
import { shownPath } from '../problems.ts';
import { certsCommand } from './command.ts';
import { certificatesOf } from './source.ts';
import { trustText } from './trust-text.ts';

interface Options {
  readonly config?: string;
  readonly out?: string;
}

export function register(certs: Command): void {
  certsCommand(
    certs,
    'trust',
    'say how systems and browsers come to trust the local root; changes nothing by itself',
    ['trust', 'trust --out tidegate-root.crt   # its certificate, without its key'],
  )
    .option('--out <file>', 'write the certificate of the root there')
    .action(async (options: Options) => {
      const file = await configFile('certs trust', options.config);
      process.exitCode = file === null ? 1 : await trust(file, options.out);
    });
}

async function trust(file: string, out: string | undefined): Promise<number> {
  const { storage } = await certificatesOf(file);
  const cert = await readLocalRoot(new FileStorage(storage));
  if (cert === null)
    throw new Error(
      `there is no local root in ${shownPath(storage)}: it is made when Tidegate starts with names under certificates.selfSigned`,
    );
  if (out !== undefined) {
    await writeFile(out, cert);
    process.stdout.write(`${shownPath(out)}\n`);
    return 0;
  }
  const { subject, fingerprint256, validToDate } = new X509Certificate(cert);
  process.stdout.write(
    trustText({
      subject: printable(subject),
      fingerprint256,
      notAfter: validToDate.toISOString(),
      place: shownPath(join(storage, ROOT_KEY)),
    }),
  );
  return 0;
}
