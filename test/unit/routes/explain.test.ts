import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { RouteTable } from '../../../core/exchange/routes.ts';
import { row } from './support.ts';

describe('explain', () => {
  test('says of every row why it is or is not the chosen one, the closest first', () => {
    const table = new RouteTable([
      row('other-host', { host: 'b.example.com' }),
      row('post', { path: '/v2/*', methods: ['POST', 'PUT'] }),
      row('any'),
      row('api', { host: '*.example.com', path: '/v2/*' }),
      row('beta', { headers: [{ name: 'x-cohort', value: 'beta' }] }),
      row('v1', { path: '/v1/*' }),
    ]);
    const { match, considered } = table.explain('a.example.com', '/v2/x', 'GET', (name) =>
      name === 'x-cohort' ? 'alpha' : null,
    );
    expect(match?.index).toBe(3);
    expect(considered.map(({ index, outcome, reason }) => [index, outcome, reason])).toEqual([
      [3, 'chosen', 'the most specific row that fits'],
      [2, 'less-specific', 'fits, but a more specific or earlier row fits too'],
      [1, 'method', 'method GET is none of POST, PUT'],
      [4, 'header', 'header x-cohort is "alpha", not "beta"'],
      [5, 'path', 'path /v2/x does not begin with /v1/'],
      [0, 'host', 'host a.example.com is not b.example.com'],
    ]);
  });

  test('chooses what match finds, whatever the table', () => {
    const host = fc.constantFrom('a', 'a.b', 'b.a', 'a.a.b', 'b.b.a', 'b', '.b', 'a..b', '');
    const path = fc.constantFrom('/', '/a', '/a/', '/a/b', '/a/a/b', '/b/', '//', '/a//b', '*');
    const headers = fc.dictionary(fc.constantFrom('x', 'y', 'z'), fc.constantFrom('1', '2'), {
      noNullPrototype: true,
    });
    const route = fc.record({
      host: fc.oneof(host, fc.constantFrom(null, '*.b', '*.a.b', '*.a')),
      path: fc.oneof(path, fc.constantFrom(null, '/*', '/a/*', '/a/a/*', '/b/*')),
      methods: fc.subarray(['GET', 'POST', 'PUT']),
      headers: fc.array(
        fc.record({ name: fc.constantFrom('x', 'y', 'z'), value: fc.constantFrom('1', '2', true as const) }),
        { maxLength: 3 },
      ),
      upstream: fc.constant('u'),
      plugins: fc.constant([]),
    });
    fc.assert(
      fc.property(
        fc.array(route, { maxLength: 30 }),
        host,
        path,
        fc.constantFrom('GET', 'POST', 'DELETE'),
        headers,
        (routes, ...[ownHost, ownPath, method, sent]) => {
          const table = new RouteTable(routes);
          const lookup = (name: string): string | null => sent[name] ?? null;
          expect(table.match(ownHost, ownPath, method, lookup)?.index).toBe(
            table.explain(ownHost, ownPath, method, lookup).match?.index,
          );
        },
      ),
      { numRuns: 3000 },
    );
  });
});
