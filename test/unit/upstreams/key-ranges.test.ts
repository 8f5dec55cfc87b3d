import { describe, expect, test } from 'vitest';
import { AddressBackend, BackendRuntime } from '../../../core/upstreams/backend.ts';
import { KeyRanges } from '../../../core/upstreams/schedulers/key-ranges.ts';
import { backendsOf, picks, upstreamConfig } from './support.ts';

const numeric = () =>
  new KeyRanges([
    { from: 1000, to: 2000, backends: ['b1', 'b2'] },
    { from: null, to: 1000, backends: ['b0'] },
    { from: 5000.5, to: null, backends: ['b3'] },
  ]);
const lexical = new KeyRanges([
  { from: 'a', to: 'm', backends: ['b0'] },
  { from: 'm', to: null, backends: ['b1'] },
]);
const ALL = ['b0', 'b1', 'b2', 'b3'];

describe('key-ranges', () => {
  test.each([
    ['-5', ['b0']],
    ['999.99', ['b0']],
    ['1000', ['b1', 'b2']],
    ['1999', ['b1', 'b2']],
    ['5000.5', ['b3']],
    ['2000', ALL],
    ['1e300', ALL],
    ['12abc', ALL],
    ['', ALL],
  ])('numbers: the key %j goes to %j in turn', (key, expected) => {
    const scheduler = numeric();
    const backends = backendsOf(1, 1, 1, 1);
    expect(picks(() => scheduler.pick(backends, key), expected.length)).toEqual(expected);
    expect(picks(() => scheduler.pick(backends, key), expected.length)).toEqual(expected);
  });

  test.each([
    ['a', 'b0'],
    ['lzzz', 'b0'],
    ['m', 'b1'],
    ['z\u00ff', 'b1'],
  ])('texts: the key %s', (key, expected) => {
    expect(lexical.pick(backendsOf(1, 1), key)?.addressText).toBe(expected);
  });

  test('within a range the weights count, and a retry gets another backend of the range', () => {
    const backends = backendsOf(1, 3, 1, 1);
    const scheduler = numeric();
    expect(picks(() => scheduler.pick(backends, '1500'), 4).toSorted()).toEqual(['b1', 'b1', 'b1', 'b2']);
    const [, tried] = backends;
    if (tried === undefined) throw new Error('unreachable');
    expect(numeric().pick(backends, '1500', [tried])?.addressText).toBe('b2');
  });

  test('a range whose backends are all down goes to nobody else', () => {
    const backends = backendsOf(1, 1, 1, 1);
    expect(numeric().pick(backends.slice(1), '5')).toBeUndefined();
    expect(numeric().pick(backends, '5', backends.slice(0, 1))).toBeUndefined();
    expect(numeric().pick(backends.slice(1), '1000')?.addressText).toBe('b1');
  });

  test('a host name stands for all its addresses', () => {
    const config = upstreamConfig('x', [1]);
    const [row] = config.backends;
    if (row === undefined) throw new Error('unreachable');
    const addresses = [
      ['api:80', 'api:80 (10.0.0.1)'],
      ['api:80', 'api:80 (10.0.0.2)'],
      ['b1', 'b1'],
    ].map(
      ([rowText = '', addressText = '']) =>
        new AddressBackend({ ...row, addressText }, config, new BackendRuntime(), rowText),
    );
    const scheduler = new KeyRanges([{ from: 'a', to: 'b', backends: ['api:80'] }]);
    expect(picks(() => scheduler.pick(addresses, 'a'), 4)).toEqual([
      'api:80 (10.0.0.1)',
      'api:80 (10.0.0.2)',
      'api:80 (10.0.0.1)',
      'api:80 (10.0.0.2)',
    ]);
  });
});
