import { expect, test } from 'vitest';
import { HeaderList } from '../../../core/exchange/headers.ts';
import { schedulerKey, type KeyedRequest } from '../../../core/exchange/scheduler-key.ts';
import { parseSchedulerKey } from '../../../core/shared/scheduler-key.ts';

function request(
  changes: Partial<KeyedRequest> = {},
  fields: Readonly<Record<string, string>> = {},
): KeyedRequest {
  const headers = new HeaderList();
  for (const [name, value] of Object.entries(fields)) headers.append(name, value);
  return {
    clientAddress: '192.0.2.7',
    host: 'a.example',
    forwardTarget: '/%7Euser/cart?id=7&empty=&id=8&x=%20y',
    request: { headers },
    decision: null,
    ...changes,
  };
}

const fields = { 'X-User': 'ann', cookie: 'a=1; sid="s=2" ;sidx=3;  last=9', 'x-empty': '' };

test.each([
  ['source', '192.0.2.7'],
  ['uri', '/%7Euser/cart?id=7&empty=&id=8&x=%20y'],
  ['path', '/~user/cart'],
  ['query(id)', '7'],
  ['query(x)', '%20y'],
  ['query(empty)', undefined],
  ['query(i)', undefined],
  ['header(x-user)', 'ann'],
  ['header(X-User)', 'ann'],
  ['header(host)', 'a.example'],
  ['header(x-empty)', undefined],
  ['header(x-none)', undefined],
  ['cookie(a)', '1'],
  ['cookie(sid)', '"s=2"'],
  ['cookie(last)', '9'],
  ['cookie(id)', undefined],
  ['rule', undefined],
])('%s is %s', (key, expected) => {
  expect(schedulerKey(request({}, fields), parseSchedulerKey(key) ?? { kind: 'rule' })).toBe(expected);
});

test('two fields of one name are one key, as RFC 9110 5.3 joins them', () => {
  const twice = request({}, { 'x-user': 'ann', 'X-User': 'bob' });
  expect(schedulerKey(twice, { kind: 'header', name: 'x-user' })).toBe('ann, bob');
});

test('a cookie in the second of two Cookie fields is found, and the first is not longer for it', () => {
  const headers = new HeaderList();
  headers.append('Cookie', 'a=1');
  headers.append('Cookie', 'sid=2; a=3');
  const two = { ...request(), request: { headers } };
  expect(schedulerKey(two, { kind: 'cookie', name: 'sid' })).toBe('2');
  expect(schedulerKey(two, { kind: 'cookie', name: 'a' })).toBe('1');
});

test('a request without query or cookies has no such key', () => {
  const bare = request({ forwardTarget: '/' });
  expect(schedulerKey(bare, { kind: 'query', name: 'id' })).toBeUndefined();
  expect(schedulerKey(bare, { kind: 'cookie', name: 'sid' })).toBeUndefined();
});

test("a rule's key comes first", () => {
  const forward = { kind: 'forward', upstream: 'site', target: null, host: null, edits: [] } as const;
  const decision = { ...forward, key: 'theirs' };
  expect(schedulerKey(request({ decision }), { kind: 'source' })).toBe('theirs');
  expect(schedulerKey(request({ decision }), { kind: 'rule' })).toBe('theirs');
  expect(schedulerKey(request({ decision: forward }), { kind: 'source' })).toBe('192.0.2.7');
});

test.each([
  '',
  'Source',
  'header',
  'header()',
  'header(a b)',
  'header(a',
  'cookie(a;b)',
  'query(a&b)',
  'source()',
])('%j is no key', (text) => {
  expect(parseSchedulerKey(text)).toBeUndefined();
});
