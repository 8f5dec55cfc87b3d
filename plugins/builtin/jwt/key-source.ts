import type { PluginContext } from '../../api.ts';
import { watchedFile, type WatchedFile } from '../watched-file.ts';
import { setFetcher } from './fetch-set.ts';
import { keysOfPem, keysOfSecrets, keysOfSet, type KeySet } from './key-set.ts';
import type { Options, Secret } from './options.ts';
import { RemoteKeys, type KeySource } from './remote-keys.ts';

const LARGEST_FILE = 256 * 1024;
/** RFC 7518 3.2 */
const LEAST_SECRET_BYTES = 32;

/** The keys that the options name. Rejects where a file or an environment variable does not have any; a source elsewhere may be away. */
export async function openKeys(
  { jwks, publicKey, secrets }: Options,
  context: PluginContext,
): Promise<KeySource & { readonly close?: () => void }> {
  if (jwks?.file !== undefined) return fromFile(jwks.file, keysOfSet, context);
  if (jwks !== undefined) return new RemoteKeys(setFetcher(jwks, context), jwks, context.log);
  if (secrets !== undefined)
    return fixed(ofSecrets(await Promise.all(secrets.map((each) => openSecret(each, context)))));
  if (publicKey?.includes('-----BEGIN') === true) return fixed({ value: keysOfPem(publicKey) });
  return fromFile(publicKey ?? '', keysOfPem, context);
}

async function fromFile(
  path: string,
  readKeys: (text: string) => KeySet,
  context: PluginContext,
): Promise<KeySource> {
  const watched = await watchedFile(context, {
    path,
    mostBytes: LARGEST_FILE,
    read: async (content, file) => named(file, () => readKeys(content.toString())),
  });
  return fixed(watched);
}

/** Other keys as soon as one of the files says something else, so that no token is remembered which the old secret was good for. */
function ofSecrets(files: readonly WatchedFile<Uint8Array>[]): WatchedFile<KeySet> {
  let read: readonly Uint8Array[] = [];
  let keys = keysOfSecrets(read);
  return {
    get value() {
      const isOutdated = files.some(({ value }, i) => value !== read[i]);
      if (isOutdated) keys = keysOfSecrets((read = files.map(({ value }) => value)));
      return keys;
    },
  };
}

function fixed(holder: WatchedFile<KeySet>): KeySource {
  return {
    get keys() {
      return holder.value;
    },
    lookAgain: () => Promise.resolve(),
  };
}

async function openSecret(
  { value, file, env, encoding }: Secret,
  context: PluginContext,
): Promise<WatchedFile<Uint8Array>> {
  if (value !== undefined) return { value: named('secrets', () => secretOf(value, encoding)) };
  if (env !== undefined)
    return { value: named(`environment variable ${env}`, () => secretOf(process.env[env] ?? '', encoding)) };
  return watchedFile(context, {
    path: file ?? '',
    mostBytes: LARGEST_FILE,
    read: async (content, path) => named(path, () => secretOf(content.toString().trimEnd(), encoding)),
  });
}

/** Throws an Error that does not show it. */
function secretOf(text: string, encoding: Secret['encoding']): Uint8Array {
  const bytes = Buffer.from(text, encoding);
  if (bytes.length < LEAST_SECRET_BYTES)
    throw new Error(`a secret of at least ${LEAST_SECRET_BYTES} bytes is expected, found ${bytes.length}`);
  return bytes;
}

function named<T>(where: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new Error(`${where}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
