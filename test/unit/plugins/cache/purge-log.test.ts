import { expect, test } from 'vitest';
import { PurgeLog } from '../../../../plugins/builtin/cache/purge-log.ts';
import type { StoredHead } from '../../../../plugins/builtin/cache/stored-answer.ts';

const freshness = { bornAt: 0, lifetimeMs: 0, staleWhileRevalidateMs: 0, staleIfErrorMs: 0 };
const head: StoredHead = {
  key: '/a\n',
  variant: '',
  vary: [],
  id: '',
  status: 200,
  fields: [],
  length: 0,
  tags: ['t'],
  freshness,
  origin: null,
};

test.each([
  [{ key: '/a\n' }, true],
  [{ key: '/b\n' }, false],
  [{ prefix: '/' }, true],
  [{ prefix: '/b' }, false],
  [{ tag: 't' }, true],
  [{ tag: 'u' }, false],
])('%o since it was asked for: %s', (selection, isPurged) => {
  const log = new PurgeLog();
  log.add(selection);
  expect(log.hasSince(log.mark, head)).toBe(false);
  const { mark } = log;
  expect(log.hasSince(mark - 1, head)).toBe(isPurged);
});

test('many purges of other keys leave an answer alone that was asked for within the last 10,000', () => {
  const log = new PurgeLog();
  for (let i = 0; i < 20_000; i++) log.add({ key: `/other${i}\n` });
  expect(log.hasSince(log.mark - 9000, head)).toBe(false);
  expect(log.hasSince(log.mark - 10_001, head)).toBe(true);
});
