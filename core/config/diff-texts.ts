import { isDeepStrictEqual } from 'node:util';
import { formatDuration } from '../shared/duration.ts';
import { formatSize } from '../shared/size.ts';

/** `kind name: what changed`, by name and whatever the order. */
export function changesByName<Item>(
  kind: string,
  previous: readonly Item[],
  next: readonly Item[],
  name: (item: Item) => string,
  added: (item: Item) => string,
  changes: (before: Item, after: Item) => readonly string[],
): string[] {
  const before = new Map(previous.map((item) => [name(item), item]));
  const after = new Map(next.map((item) => [name(item), item]));
  const removed = [...before.keys()]
    .filter((each) => !after.has(each))
    .map((each) => `${kind} ${each}: removed`);
  const others = [...after].flatMap(([each, item]) => {
    const old = before.get(each);
    const what = old === undefined ? [added(item)] : changes(old, item);
    return what.length === 0 ? [] : [`${kind} ${each}: ${what.join(', ')}`];
  });
  return [...removed, ...others];
}

/** `timeouts.header 10s → 5s` for each value that differs, however deep. */
export function settingsChanged(path: string, before: object, after: object): string[] {
  const old = new Map<string, unknown>(Object.entries(before));
  const now = new Map<string, unknown>(Object.entries(after));
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((key) => {
    const [from, to] = [old.get(key), now.get(key)];
    if (isDeepStrictEqual(from, to)) return [];
    const inside = path === '' ? key : `${path}.${key}`;
    if (typeof from === 'object' && from !== null && typeof to === 'object' && to !== null)
      return settingsChanged(inside, from, to);
    return [`${inside.replace(/(?:Ms|Bytes)$/, '')} ${asWritten(key, from)} → ${asWritten(key, to)}`];
  });
}

/** A value as the config file would have it. */
function asWritten(key: string, value: unknown): string {
  if (value === null || value === undefined) return 'none';
  if (typeof value === 'number' && key.endsWith('Ms')) return formatDuration(value);
  if (typeof value === 'number' && key.endsWith('Bytes')) return formatSize(value);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

export function membersChanged(what: string, before: readonly string[], after: readonly string[]): string[] {
  const { added, removed } = difference(before, after);
  return [...removed.map((each) => `${what}${each} removed`), ...added.map((each) => `${what}${each} added`)];
}

export function difference(before: readonly string[], after: readonly string[]) {
  const [old, now] = [new Set(before), new Set(after)];
  return { added: after.filter((each) => !old.has(each)), removed: before.filter((each) => !now.has(each)) };
}

export function count(number: number, what: string): string {
  return number === 1 ? `1 ${what}` : `${number} ${what}s`;
}
