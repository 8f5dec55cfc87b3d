import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TcpRouteTable } from '../../../core/layer4/tcp-routes.ts';

const table = new TcpRouteTable(
  [
    { serverName: null, alpn: null },
    { serverName: null, alpn: 'mqtt' },
    { serverName: '*.example.com', alpn: null },
    { serverName: '*.db.example.com', alpn: null },
    { serverName: '*.db.example.com', alpn: 'postgresql' },
    { serverName: 'a.db.example.com', alpn: 'h2' },
    { serverName: 'a.db.example.com', alpn: 'mqtt' },
    { serverName: 'b.db.example.com', alpn: null },
    { serverName: 'b.db.example.com', alpn: 'h2' },
  ].map((route) => ({ ...route, upstream: 'u' })),
);

test.each([
  [null, [], 0],
  [null, ['mqtt'], 1],
  [null, ['h2'], 0],
  ['example.com', [], 0],
  ['example.net', ['http/1.1', 'mqtt'], 1],
  ['x.example.com', ['mqtt'], 2],
  ['x.y.example.com', [], 2],
  ['db.example.com', [], 2],
  ['x.db.example.com', [], 3],
  ['x.y.db.example.com', ['postgresql'], 4],
  ['a.db.example.com', ['h2'], 5],
  // Of two rows that are as specific the earlier one, whatever the client likes best.
  ['a.db.example.com', ['mqtt', 'h2'], 5],
  // No row of the name fits.
  ['a.db.example.com', [], 3],
  ['b.db.example.com', [], 7],
  ['b.db.example.com', ['h2'], 8],
  ['xexample.com', [], 0],
  ['.example.com', [], 0],
  ['', [], 0],
])('%s with %j goes by row %i', (serverName, alpn, row) => {
  expect(table.match(serverName, alpn)?.index).toBe(row);
});

test('where none fits, none is found', () => {
  const named = new TcpRouteTable([{ serverName: 'a.test', alpn: null, upstream: 'u' }]);
  expect(named.match('b.test', [])).toBeUndefined();
  expect(named.match(null, [])).toBeUndefined();
});

test('each row is told why it is not the one', () => {
  const { match, considered } = table.explain('b.db.example.com', ['mqtt']);
  expect(match?.index).toBe(7);
  expect(considered.map(({ index, outcome }) => [index, outcome])).toEqual([
    [7, 'chosen'],
    [3, 'less-specific'],
    [2, 'less-specific'],
    [1, 'less-specific'],
    [0, 'less-specific'],
    [4, 'alpn'],
    [8, 'alpn'],
    [5, 'server-name'],
    [6, 'server-name'],
  ]);
  expect(considered.find(({ index }) => index === 8)?.reason).toBe('h2 is not offered by ALPN');
  expect(considered.find(({ index }) => index === 5)?.reason).toBe(
    'server name b.db.example.com, and the row is for a.db.example.com',
  );
});

test('the explanation chooses what match finds, whatever the table', () => {
  const name = fc.constantFrom('a', 'a.b', 'b.a', 'a.a.b', 'b.b.a', '.b', 'a..b', '');
  const alpn = fc.constantFrom('h2', 'mqtt', 'x');
  const route = fc.record({
    serverName: fc.oneof(name, fc.constantFrom(null, '*.b', '*.a.b', '*.a')),
    alpn: fc.option(alpn),
    upstream: fc.constant('u'),
  });
  fc.assert(
    fc.property(
      fc.array(route, { maxLength: 20 }),
      fc.option(name),
      fc.array(alpn, { maxLength: 3 }),
      (routes, serverName, offered) => {
        const any = new TcpRouteTable(routes);
        expect(any.match(serverName, offered)?.index).toBe(any.explain(serverName, offered).match?.index);
      },
    ),
    { numRuns: 2000 },
  );
});
