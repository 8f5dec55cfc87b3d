import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import type { NameAddresses } from '../../../core/ipc/messages.ts';
import { BackendNames } from '../../../core/primary/names/backend-names.ts';
import type { NameAnswer } from '../../../core/primary/names/name-source.ts';
import type { UpstreamConfig } from '../../../core/shared/config-types.ts';
import type { Logger } from '../../../core/shared/log.ts';
import { upstreamConfig } from '../upstreams/support.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function upstream(hosts: readonly string[], resolveIntervalMs: number | null = null): UpstreamConfig {
  const backends = hosts.map((host) => ({
    address: { kind: 'tcp', host, port: 80 } as const,
    addressText: `${host}:80`,
    weight: 1,
    state: 'ready' as const,
    priority: 0,
    backupFor: null,
  }));
  return { ...upstreamConfig('site', []), backends, resolveIntervalMs };
}

const found = (addresses: readonly string[], ttlMs: number | null = 10_000): NameAnswer => ({
  addresses,
  ttlMs,
  failed: null,
});
const failed: NameAnswer = {
  addresses: [],
  ttlMs: null,
  failed: { families: [4, 6], reason: 'A: ETIMEOUT, AAAA: ETIMEOUT' },
};
const none: NameAnswer = { addresses: [], ttlMs: null, failed: null };

/** Names that are answered with what the test last said. */
function setUp(first: NameAnswer) {
  const state = { answer: first, asked: 0 };
  const changes: NameAddresses[] = [];
  const lines: string[] = [];
  const names = new BackendNames({
    ask: () => {
      state.asked++;
      return Promise.resolve(state.answer);
    },
    log: logTo(lines),
    onChange: (change) => void changes.push(change),
  });
  return { state, changes, lines, names };
}

function logTo(lines: string[]): Logger {
  const write = (fields: unknown, message?: string): void => void lines.push(message ?? String(fields));
  const log: Logger = {
    trace: write,
    debug: write,
    info: write,
    warn: write,
    error: write,
    fatal: write,
    child: () => log,
  };
  return log;
}

const HOST = 'api.internal';

test.each([
  ['its TTL', 10_000, null, 10_000],
  ['a second at least', 0, null, 1_000],
  ['five minutes at most', 86_400_000, null, 300_000],
  ['30 s where the answer has no TTL', null, null, 30_000],
  ['resolveInterval', 10_000, 2_000, 2_000],
])('a name is asked for again after %s', async (_, ttlMs, intervalMs, expected) => {
  const { state, names } = setUp(found(['10.0.0.1'], ttlMs));
  await names.add([upstream([HOST], intervalMs)]);
  await vi.advanceTimersByTimeAsync(expected - 1);
  expect(state.asked).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(state.asked).toBe(2);
});

test('a change is told once, an answer in another order is none', async () => {
  const { state, changes, names } = setUp(found(['10.0.0.1', '10.0.0.2']));
  await names.add([upstream([HOST])]);
  state.answer = found(['10.0.0.2', '10.0.0.1']);
  await vi.advanceTimersByTimeAsync(10_000);
  state.answer = found(['10.0.0.3', '10.0.0.1']);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(changes).toEqual([
    [HOST, ['10.0.0.1', '10.0.0.2']],
    [HOST, ['10.0.0.1', '10.0.0.3']],
  ]);
});

test('a resolver that fails keeps the last answer, is asked again soon, and is logged once', async () => {
  const { state, changes, lines, names } = setUp(found(['10.0.0.1']));
  await names.add([upstream([HOST])]);
  state.answer = failed;
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(state.asked).toBeGreaterThan(700);
  expect(names.known()).toEqual([[HOST, ['10.0.0.1']]]);
  state.answer = found(['10.0.0.1']);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(changes).toHaveLength(1);
  expect(lines).toEqual([
    'the addresses of a backend name changed',
    'a backend name cannot be resolved',
    'a backend name can be resolved again',
  ]);
});

test('a name that is gone keeps its addresses for half a minute, in case that is a slip', async () => {
  const { state, changes, names } = setUp(found(['10.0.0.1']));
  await names.add([upstream([HOST])]);
  state.answer = none;
  await vi.advanceTimersByTimeAsync(10_000 + 25_000);
  expect(changes).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(changes.slice(1)).toEqual([[HOST, []]]);
});

test('a name that comes back within that time has lost nothing', async () => {
  const { state, changes, names } = setUp(found(['10.0.0.1']));
  await names.add([upstream([HOST])]);
  state.answer = none;
  await vi.advanceTimersByTimeAsync(30_000);
  state.answer = found(['10.0.0.1']);
  await vi.advanceTimersByTimeAsync(5_000);
  state.answer = none;
  await vi.advanceTimersByTimeAsync(30_000);
  expect(changes).toHaveLength(1);
});

test('names that are no longer kept are asked for no more, and forgotten', async () => {
  const { state, changes, names } = setUp(found(['10.0.0.1']));
  await names.add([upstream([HOST])]);
  names.keep([upstream(['127.0.0.1', 'localhost'])]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(state.asked).toBe(1);
  expect(changes.at(-1)).toEqual([HOST, []]);
});

test('an interval that a reload shortens counts at once', async () => {
  const { state, names } = setUp(found(['10.0.0.1'], 300_000));
  await names.add([upstream([HOST])]);
  names.keep([upstream([HOST], 2_000)]);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(state.asked).toBe(2);
});

test('a resolver without an answer holds a start up for five seconds, no longer', async () => {
  const names = new BackendNames({
    ask: () => new Promise(() => {}),
    log: logTo([]),
    onChange: () => {},
  });
  const added = names.add([upstream([HOST])]);
  await vi.advanceTimersByTimeAsync(5_000);
  await added;
  expect(names.known()).toEqual([[HOST, []]]);
});
