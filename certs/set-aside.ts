import type { Storage } from './storage.ts';

/** What was set aside is kept to be looked at, but no more of it than this. */
const MAX_SET_ASIDE = 50;

/**
 * Takes an entry that cannot be used out of the way. `found`: what was in it.
 * @returns the key under which it is kept
 */
export async function setAside(storage: Storage, key: string, found: Buffer): Promise<string> {
  // Without colons, which some file systems do not take.
  const movedTo = `corrupt/${new Date().toISOString().replace(/[:.]/g, '-')}/${key}`;
  await storage.store(movedTo, found);
  // Another process may have put a good one there meanwhile.
  if ((await storage.load(key))?.equals(found) === true) await storage.delete(key);
  const all = await storage.list('corrupt');
  for (const old of all.slice(0, Math.max(0, all.length - MAX_SET_ASIDE))) await storage.delete(old);
  return movedTo;
}
