import { describe, expect, test } from 'vitest';
import { TableEntry, UdpSessionTable, type TableLimits } from '../../../core/layer4/udp-session-table.ts';

class Session extends TableEntry<Session> {}

let clock = 0;

function table(limits: Partial<TableLimits> = {}): UdpSessionTable<Session> {
  clock = 0;
  return new UdpSessionTable<Session>({ sessions: 3, sessionsPerClient: null, ...limits });
}

/** Each is a millisecond younger than the one before. `c1:5` is the client c1 at port 5, `c1:5!` is established. */
function fill(sessions: UdpSessionTable<Session>, ...names: readonly string[]): Session[] {
  return names.map((name) => {
    const [key = '', client = ''] = /^(.*?):[^!]*/.exec(name) ?? [];
    const session = new Session(key, client, ++clock);
    sessions.add(session);
    if (name.endsWith('!')) sessions.establish(session);
    return session;
  });
}

function evicted(sessions: UdpSessionTable<Session>): string {
  const admission = sessions.admit('new');
  return admission.kind === 'evict' ? admission.entry.key : admission.kind;
}

describe('who goes when the table is full', () => {
  test.each<{ name: string; sessions: readonly string[]; touched?: readonly number[]; goes: string }>([
    { name: 'nobody while there is a place', sessions: ['a:1', 'b:1'], goes: 'free' },
    { name: 'the one idle for the longest', sessions: ['a:1', 'b:1', 'c:1'], goes: 'a:1' },
    {
      name: 'not the oldest one, where it has been heard of since',
      sessions: ['a:1', 'b:1', 'c:1'],
      touched: [0],
      goes: 'b:1',
    },
    {
      name: 'one that is not established before one that is, however long that one has been idle',
      sessions: ['a:1!', 'b:1!', 'c:1'],
      goes: 'c:1',
    },
    {
      name: 'the one idle for the longest where all are established',
      sessions: ['a:1!', 'b:1!', 'c:1!'],
      touched: [0],
      goes: 'b:1',
    },
  ])('$name', ({ sessions: names, touched = [], goes }) => {
    const sessions = table();
    const all = fill(sessions, ...names);
    for (const index of touched) {
      const session = all[index];
      if (session !== undefined) sessions.touch(session, ++clock);
    }
    expect(evicted(sessions)).toBe(goes);
  });
});

test('a flood of new sources takes the place of one session that is established at most', () => {
  const sessions = table({ sessions: 100 });
  const held = fill(sessions, ...Array.from({ length: 100 }, (_, i) => `client${i}:1!`));
  for (let i = 0; i < 10_000; i++) {
    const admission = sessions.admit(`spoofed${i}`);
    if (admission.kind === 'evict') sessions.remove(admission.entry);
    fill(sessions, `spoofed${i}:1`);
    expect(sessions.size).toBeLessThanOrEqual(100);
  }
  expect(held.filter((session) => !session.isIn)).toEqual([held[0]]);
});

describe('sessions of one client', () => {
  test('are refused beyond their number, whatever their ports', () => {
    const sessions = table({ sessions: 10, sessionsPerClient: 2 });
    const [first] = fill(sessions, 'a:1', 'a:2', 'b:1');
    expect(sessions.admit('a')).toEqual({ kind: 'refuse', reason: 'sessions-per-client' });
    expect(sessions.admit('b')).toEqual({ kind: 'free' });
    if (first !== undefined) sessions.remove(first);
    expect(sessions.admit('a')).toEqual({ kind: 'free' });
  });
});

test('a hidden session keeps its place and is not found', () => {
  const sessions = table();
  const [session] = fill(sessions, 'a:1');
  if (session === undefined) throw new Error('none');
  sessions.hide(session);
  expect(sessions.find('a:1')).toBeUndefined();
  expect(sessions.size).toBe(1);
  const [next] = fill(sessions, 'a:1');
  sessions.remove(session);
  expect(sessions.find('a:1')).toBe(next);
  expect(sessions.size).toBe(1);
});

test('what is idle is found, established or not, the longest first', () => {
  const sessions = table();
  const [a, b, c] = fill(sessions, 'a:1!', 'b:1', 'c:1');
  if (a !== undefined) sessions.touch(a, 10);
  expect(sessions.idleSince(1)).toBeNull();
  expect(sessions.idleSince(2)).toBe(b);
  if (b !== undefined) sessions.remove(b);
  expect(sessions.idleSince(9)).toBe(c);
  if (c !== undefined) sessions.remove(c);
  expect(sessions.idleSince(9)).toBeNull();
  expect(sessions.idleSince(10)).toBe(a);
});

test('fewer places after a reload: the oldest are told to go until the rest fits', () => {
  const sessions = table({ sessions: 5 });
  fill(sessions, 'a:1!', 'b:1', 'c:1', 'd:1!');
  sessions.limits = { sessions: 2, sessionsPerClient: null };
  const gone: string[] = [];
  for (let oldest = sessions.excess(); oldest !== null; oldest = sessions.excess()) {
    gone.push(oldest.key);
    sessions.remove(oldest);
  }
  expect(gone).toEqual(['b:1', 'c:1']);
});
