import { requestCertificateCommand } from '../../admin/client.ts';
import type { CertificateCommandInput } from '../../admin/certificate-command.ts';
import { configFile } from '../config-file.ts';
import { printable } from '../printable.ts';
import type { CommonOptions } from './command.ts';

/** Has the running Tidegate do something, says what became of it, and sets the exit status. */
export async function changeCertificates(
  command: CertificateCommandInput,
  options: CommonOptions,
): Promise<void> {
  process.exitCode = 1;
  const file = await configFile('certs', options.config);
  if (file === null) return;
  const { ok, problems, warnings, changes } = await requestCertificateCommand(file, command);
  if (options.json === true)
    process.stdout.write(`${JSON.stringify({ ok, problems, warnings, changes }, null, 2)}\n`);
  else process.stdout.write(lines(changes));
  process.stderr.write(lines([...problems, ...warnings.map((warning) => `warning: ${warning}`)]));
  process.exitCode = ok ? 0 : 1;
}

/** A line each. */
export function lines(texts: readonly string[]): string {
  return texts.map((text) => `${printable(text)}\n`).join('');
}
