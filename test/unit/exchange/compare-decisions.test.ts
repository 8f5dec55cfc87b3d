import { expect, test } from 'vitest';
import { differencesOf } from '../../../core/exchange/shadow/compare-decisions.ts';
import type { HeaderEdit, RequestDecision } from '../../../core/shared/rule-script.ts';

const set = (name: string, value: string): HeaderEdit => ({ op: 'set', name, value });
const next = (...edits: HeaderEdit[]): RequestDecision => ({ kind: 'next', edits });
const site = { kind: 'forward', upstream: 'site', target: null, host: null, edits: [] } as const;
const text = { kind: 'respond', status: 200, headers: [['X-A', '1']], body: 'a' } as const;

test.each<[string, RequestDecision, RequestDecision]>([
  ['nothing', next(), next()],
  ['the order of different fields', next(set('a', '1'), set('b', '2')), next(set('B', '2'), set('A', '1'))],
  ['a priority that is the usual one', site, { ...site, priority: 'normal' }],
  ['names in another case', text, { ...text, headers: [['x-a', '1']] }],
  ['two faults', { kind: 'fault', reason: 'a' }, { kind: 'fault', reason: 'b' }],
])('no difference: %s', (_, a, b) => {
  expect(differencesOf(a, b)).toEqual([]);
});

test.each<[readonly string[], RequestDecision, RequestDecision]>([
  [['kind'], next(), site],
  [['kind'], { kind: 'fault', reason: '' }, { kind: 'deny', status: 403 }],
  [['header edits'], next(set('a', '1')), next(set('a', '2'))],
  [['header edits'], next(set('a', '1')), next({ op: 'append', name: 'a', value: '1' })],
  [
    ['header edits'],
    next({ op: 'delete', name: 'a' }, set('a', '1')),
    next(set('a', '1'), { op: 'delete', name: 'a' }),
  ],
  [['header edits'], next(set('a', 'delete')), next({ op: 'delete', name: 'a' })],
  [['upstream', 'target'], site, { ...site, upstream: 'other', target: '/a' }],
  [['host', 'key', 'priority'], site, { ...site, host: 'a', key: 'k', priority: 'low' }],
  [
    ['location'],
    { kind: 'redirect', status: 302, location: '/a' },
    { kind: 'redirect', status: 302, location: '/b' },
  ],
  [
    ['status'],
    { kind: 'redirect', status: 302, location: '/a' },
    { kind: 'redirect', status: 301, location: '/a' },
  ],
  [['status'], { kind: 'deny', status: 403 }, { kind: 'deny', status: 404 }],
  [['status', 'headers', 'body'], text, { ...text, status: 404, headers: [], body: 'b' }],
])('%j', (parts, a, b) => {
  expect(differencesOf(a, b)).toEqual(parts);
  expect(differencesOf(b, a)).toEqual(parts);
});
