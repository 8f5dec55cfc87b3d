import type { HeaderEdit } from '../shared/rule-script.ts';
import { HeaderKind, headerKind, type HeaderList } from './headers.ts';

/**
 * Carries out a rule's header edits in their order. Framing and connection fields are the
 * proxy's own: a rule that could write them could make a message that two servers read in two ways.
 */
export function applyEdits(headers: HeaderList, edits: readonly HeaderEdit[]): void {
  for (const edit of edits) {
    const lower = edit.name.toLowerCase();
    if (isFraming(headerKind(lower))) continue;
    if (edit.op === 'delete') headers.delete(lower);
    else if (edit.op === 'set') headers.set(edit.name, edit.value);
    else headers.append(edit.name, edit.value);
  }
}

/** Whether fields of this kind are the proxy's own. */
export function isFraming(kind: HeaderKind): boolean {
  switch (kind) {
    case HeaderKind.Host:
    case HeaderKind.ContentLength:
    case HeaderKind.TransferEncoding:
    case HeaderKind.Connection:
    case HeaderKind.HopByHop:
    case HeaderKind.Upgrade:
    case HeaderKind.Te:
    case HeaderKind.Expect:
      return true;
    default:
      return false;
  }
}
