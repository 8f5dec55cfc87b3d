import { expect, test } from 'vitest';
import { connectionKey, type KeyedConnection } from '../../../core/layer4/connection-key.ts';
import { parseSchedulerKey } from '../../../core/shared/scheduler-key.ts';

const connection: KeyedConnection = {
  clientAddress: '203.0.113.7',
  decision: null,
  rdpCookie: (name) => (name === 'mstshash' ? 'alice' : null),
};

test.each([
  ['source', '203.0.113.7'],
  ['rdp-cookie(mstshash)', 'alice'],
  ['rdp-cookie(msts)', undefined],
  ['rule', undefined],
  ['uri', undefined],
  ['path', undefined],
  ['query(a)', undefined],
  ['header(host)', undefined],
  ['cookie(a)', undefined],
])('%s of a connection is %s', (text, key) => {
  const wanted = parseSchedulerKey(text);
  if (wanted === undefined) throw new Error(text);
  expect(connectionKey(connection, wanted)).toBe(key);
  const decided = { ...connection, decision: { kind: 'forward', upstream: 'a', key: 'k' } } as const;
  expect(connectionKey(decided, wanted)).toBe('k');
});
