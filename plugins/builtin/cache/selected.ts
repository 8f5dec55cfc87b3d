import type { Selection, StoredHead } from './stored-answer.ts';

export function isSelected(head: StoredHead, selection: Selection): boolean {
  if ('key' in selection) return head.key === selection.key;
  if ('prefix' in selection) return head.key.startsWith(selection.prefix);
  return head.tags.includes(selection.tag);
}
