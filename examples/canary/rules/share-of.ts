/** Where a key falls between 0 and 99, evenly spread and always the same (FNV-1a). */
export function shareOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index++) {
    hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0) % 100;
}
