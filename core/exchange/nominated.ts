import { HeaderKind, type HeaderList } from './headers.ts';

interface Message {
  readonly headers: HeaderList;
  readonly nominated: readonly string[] | null;
}

/**
 * Takes out the fields that Connection nominates (RFC 9110 7.6.1), before anybody of ours adds any: whoever sends `Connection: x-user`
 * must not have the X-User taken out that a plugin or a rule sets. Those that are written anew anyway are left to that.
 */
export function withoutNominated<Head extends Message>(head: Head): Head {
  if (head.nominated === null) return head;
  const { headers } = head;
  const left = head.nominated.filter((name) => {
    const first = headers.lowerNames.indexOf(name);
    if (first !== -1 && headers.kinds[first] !== HeaderKind.EndToEnd) return true;
    headers.delete(name);
    return false;
  });
  return { ...head, nominated: left.length === 0 ? null : left };
}
