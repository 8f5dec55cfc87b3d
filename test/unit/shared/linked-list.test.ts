import { expect, test } from 'vitest';
import { LinkedList, type Linked } from '../../../core/shared/linked-list.ts';

interface Item extends Linked<Item> {
  readonly name: string;
}

function listOf(...texts: readonly string[]): { list: LinkedList<Item>; items: Item[] } {
  const list = new LinkedList<Item>();
  const items = texts.map((name) => ({ name, previous: null, next: null }));
  for (const item of items) list.push(item);
  return { list, items };
}

function names(list: LinkedList<Item>): string {
  return [...list.entries()].map(({ name }) => name).join('');
}

test.each([
  { removed: 'a', left: 'bc' },
  { removed: 'b', left: 'ac' },
  { removed: 'c', left: 'ab' },
  { removed: 'abc', left: '' },
])('without $removed: $left, and what is added comes last', ({ removed, left }) => {
  const { list, items } = listOf('a', 'b', 'c');
  for (const item of items) if (removed.includes(item.name)) list.remove(item);
  expect(names(list)).toBe(left);
  expect(list.size).toBe(left.length);
  const [first] = items;
  if (first === undefined || left.includes('a')) return;
  list.push(first);
  expect(names(list)).toBe(`${left}a`);
});

test('what is being looked at may be removed', () => {
  const { list } = listOf('a', 'b', 'c');
  for (const item of list.entries()) list.remove(item);
  expect(list.first).toBeNull();
  expect(list.size).toBe(0);
});
