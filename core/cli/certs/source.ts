import { noSuchCertificate } from '../../../certs/find-certificates.ts';
import { FileStorage } from '../../../certs/file-storage.ts';
import { readStoredCertificates } from '../../../certs/stored-certificates.ts';
import { NotRunningError } from '../../admin/client.ts';
import { loadConfig } from '../../config/load.ts';
import type { CertificatesConfig } from '../../shared/certificates-config.ts';
import { problemLine, shownPath } from '../problems.ts';

type Stored = Awaited<ReturnType<typeof readStoredCertificates>>;

/** Asks the running Tidegate; where none runs, says so and reads the storage. */
export async function runningOrStored<T>(
  file: string,
  ask: () => Promise<T>,
  read: (stored: Stored, config: CertificatesConfig) => T,
): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof NotRunningError)) throw error;
    const config = await certificatesOf(file);
    const stored = await readStoredCertificates(config, new FileStorage(config.storage), Date.now());
    process.stderr.write(
      `no Tidegate runs with ${shownPath(file)}: this is what ${shownPath(config.storage)} has\n`,
    );
    return read(stored, config);
  }
}

/** `certificates` of a config file. Throws with what is wrong with it. */
export async function certificatesOf(file: string): Promise<CertificatesConfig> {
  const loaded = await loadConfig(file);
  if (!loaded.ok) throw new Error(`the config is not valid\n${loaded.problems.map(problemLine).join('\n')}`);
  const { certificates } = loaded.config;
  if (certificates === null)
    throw new Error(
      `${shownPath(file)} has no \`certificates\`: there is nothing that Tidegate obtains or makes`,
    );
  return certificates;
}

/** Those of the storage for a name. Throws where there is none. */
export function storedFor(stored: Stored, wanted: string): Stored {
  const name = wanted.toLowerCase().replace(/\.$/, '');
  const found = stored.filter(({ names }) => names.includes(name));
  if (found.length === 0)
    throw noSuchCertificate(
      wanted,
      stored.flatMap(({ names }) => names),
    );
  return found;
}
