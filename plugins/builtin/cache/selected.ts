import type { Selection, StoredHead } from './stored-answer.ts';

export function isSelected(head: Pick<StoredHead, 'key' | 'tags'>, selection: Selection): boolean {
  if ('key' in selection) return head.key === selection.key;
  if ('prefix' in selection) return head.key.startsWith(selection.prefix);
  return head.tags.includes(selection.tag);
}

/** Whether all keys with this prefix have one URL, as it ends where that does. */
export function isWholeUrl(prefix: string): boolean {
  return prefix !== '' && prefix.indexOf('\n') === prefix.length - 1;
}

/** That part of a key, with its end. */
export function urlOfKey(key: string): string {
  return key.slice(0, key.indexOf('\n') + 1);
}
