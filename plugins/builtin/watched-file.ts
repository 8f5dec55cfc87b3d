import { readFile, stat } from 'node:fs/promises';
import type { PluginContext } from '../api.ts';

/** What a file says, kept up with it. */
export interface WatchedFile<Value> {
  readonly value: Value;
}

/** `read` rejects with an Error where the content is wrong. */
export interface FileReading<Value> {
  readonly path: string;
  readonly mostBytes: number;
  read(content: Buffer, file: string): Promise<Value>;
}

/**
 * Reads a file, and again when it changes. Rejects where it cannot be used at first; later the last good content goes on, and
 * the log says why.
 */
export async function watchedFile<Value>(
  context: PluginContext,
  reading: FileReading<Value>,
): Promise<WatchedFile<Value>> {
  const file = context.resolve(reading.path);
  const load = async (): Promise<Value> => {
    const { size } = await stat(file);
    if (size > reading.mostBytes)
      throw new Error(`${file}: has ${size} bytes, and at most ${reading.mostBytes} are read`);
    return reading.read(await readFile(file), file);
  };
  // from before it is read for the first time: no change falls in between
  let isOutdated = false;
  let isReading = true;
  context.watch(file, () => {
    isOutdated = true;
    if (!isReading) void reload();
  });
  const watched = { value: await load() };
  const reload = async (): Promise<void> => {
    isReading = true;
    while (isOutdated) {
      isOutdated = false;
      try {
        const value = await load();
        if (context.signal.aborted) return;
        watched.value = value;
        context.log.info({ file }, 'a changed file was read');
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        context.log.error({ file, reason }, 'a changed file is not taken over: what it said before goes on');
      }
    }
    isReading = false;
  };
  await reload();
  return watched;
}
