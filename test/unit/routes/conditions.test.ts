import { describe, expect, test } from 'vitest';
import { row, upstreamFor } from './support.ts';

const beta = { name: 'x-cohort', value: 'beta' } as const;
const tenant = { name: 'x-tenant', value: true } as const;

describe('among rows with the same host and path', () => {
  test('more header conditions win', () => {
    const routes = [row('none'), row('one', { headers: [beta] }), row('two', { headers: [beta, tenant] })];
    expect(upstreamFor(routes, 'x', '/', { headers: { 'x-cohort': 'beta', 'x-tenant': '' } })).toBe('two');
    expect(upstreamFor(routes, 'x', '/', { headers: { 'x-cohort': 'beta' } })).toBe('one');
    expect(upstreamFor(routes, 'x', '/', { headers: { 'x-cohort': 'Beta' } })).toBe('none');
  });

  test('header conditions count more than methods', () => {
    const routes = [row('method', { methods: ['GET'] }), row('header', { headers: [tenant] })];
    expect(upstreamFor(routes, 'x', '/', { headers: { 'x-tenant': '1' } })).toBe('header');
  });

  test('a listed method wins over all methods', () => {
    const routes = [row('all'), row('post', { methods: ['PUT', 'POST'] })];
    expect(upstreamFor(routes, 'x', '/', { method: 'POST' })).toBe('post');
    expect(upstreamFor(routes, 'x', '/', { method: 'GET' })).toBe('all');
  });

  test('a listed method wins across different header conditions too', () => {
    const routes = [row('all', { headers: [beta] }), row('listed', { headers: [tenant], methods: ['GET'] })];
    expect(upstreamFor(routes, 'x', '/', { headers: { 'x-cohort': 'beta', 'x-tenant': '1' } })).toBe(
      'listed',
    );
  });

  test('the order in the table is what decides last', () => {
    expect(
      upstreamFor([row('first', { headers: [beta] }), row('second', { headers: [tenant] })], 'x', '/', {
        headers: { 'x-cohort': 'beta', 'x-tenant': '1' },
      }),
    ).toBe('first');
    expect(upstreamFor([row('first'), row('second')], 'x', '/')).toBe('first');
  });
});

test('where the best host and path has no row for the method or the headers, the next less specific one is tried', () => {
  const routes = [
    row('exact-post', { host: 'a.b', path: '/x/y', methods: ['POST'] }),
    row('prefix-beta', { host: 'a.b', path: '/x/*', headers: [beta] }),
    row('host-put', { host: 'a.b', methods: ['PUT'] }),
    row('wild-post', { host: '*.b', path: '/x/y', methods: ['POST'] }),
    row('any', { path: '/x/*' }),
  ];
  expect(upstreamFor(routes, 'a.b', '/x/y', { method: 'POST' })).toBe('exact-post');
  expect(upstreamFor(routes, 'a.b', '/x/y', { headers: { 'x-cohort': 'beta' } })).toBe('prefix-beta');
  expect(upstreamFor(routes, 'a.b', '/x/y', { method: 'PUT' })).toBe('host-put');
  expect(upstreamFor(routes, 'a.b', '/x/y')).toBe('any');
  expect(upstreamFor(routes, 'a.b', '/')).toBeUndefined();
});

test('two values for one header never match together', () => {
  const other = { name: 'x-cohort', value: 'alpha' } as const;
  expect(
    upstreamFor([row('both', { headers: [beta, other] })], 'x', '/', { headers: { 'x-cohort': 'beta' } }),
  ).toBeUndefined();
  expect(
    upstreamFor([row('twice', { headers: [beta, beta] })], 'x', '/', { headers: { 'x-cohort': 'beta' } }),
  ).toBe('twice');
});
