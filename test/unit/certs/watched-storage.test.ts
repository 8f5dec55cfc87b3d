import { expect, test } from 'vitest';
import { StorageError } from '../../../certs/storage.ts';
import { WatchedStorage } from '../../../certs/watched-storage.ts';
import { MemoryStorage } from '../../support/memory-storage.ts';
import { recordingLog } from '../../support/recording-log.ts';

class SmallStorage extends MemoryStorage {
  room = 10;

  override async store(key: string, value: string | Buffer): Promise<void> {
    if (value.length > this.room) throw new StorageError('there is no room', null);
    await super.store(key, value);
  }
}

test('says once that a storage fails, once in a while that it still does, and when it is well', async () => {
  const inner = new SmallStorage();
  const { log, lines } = recordingLog();
  let now = 0;
  const storage = new WatchedStorage(inner, log, () => now);
  const big = (key: string): Promise<void> => storage.store(key, 'more than there is room for');
  for (let at = 0; at < 100; at += 1) await expect(big(`k${at}`)).rejects.toThrow('there is no room');
  // What is small enough says nothing of what is not.
  await storage.store('k1', 'small');
  expect(lines.map(({ level }) => level)).toEqual(['error']);
  now += 10 * 60_000;
  await expect(big('k7')).rejects.toThrow('there is no room');
  expect(lines.map(({ level }) => level)).toEqual(['error', 'error']);
  inner.room = 100;
  await big('k7');
  await big('k8');
  expect(lines.slice(2).map(({ message }) => message)).toEqual([
    'the storage of certificates can be written again',
  ]);
});
