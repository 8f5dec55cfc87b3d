import { Worker } from 'node:worker_threads';
import type { z } from 'zod';
import { moduleUrl } from '../../../api.ts';
import type { DiskTask } from './disk-task.ts';

/** What a list of files may take in the thread. */
const MOST_MEMORY_MB = 128;

/** @throws what the file system throws; where the thread ends, or the signal is aborted, before it is done. */
export async function runInThread<Result>(
  task: DiskTask,
  result: z.ZodType<Result>,
  signal: AbortSignal,
): Promise<Result> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const thread = new Worker(moduleUrl(import.meta.url, 'disk-thread'), {
    workerData: task,
    resourceLimits: { maxOldGenerationSizeMb: MOST_MEMORY_MB },
  });
  thread.unref();
  // Not waited for: a disk that hangs holds it.
  const leave = (): void => {
    void thread.terminate();
    reject(new Error('the cache was closed'));
  };
  thread.once('message', resolve).once('error', reject);
  thread.once('exit', (code) =>
    reject(new Error(`the thread for the files of the cache ended with ${code}`)),
  );
  signal.addEventListener('abort', leave, { once: true });
  try {
    return result.parse(await promise);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
