import { expect, test } from 'vitest';
import { contentWith, findingsIn } from '../../support/config-findings.ts';

test('a listener and a route that name no upstream are told the nearest', () => {
  const listener = {
    upstream: 'sit',
    routes: [
      { path: '/', upstream: 'site' },
      { path: '/a', upstream: 'other' },
    ],
  };
  expect(findingsIn(contentWith({ listener }))).toEqual([
    'listeners[0].upstream: expected the name of an upstream (site), found "sit"; did you mean `site`?',
    'listeners[0].routes[1].upstream: expected the name of an upstream (site), found "other"',
  ]);
});

test('a misspelt upstream is found beside other mistakes in the same listener, route and upstream', () => {
  const content = contentWith({
    listener: { upstream: 'sit', timeouts: { idle: 5 }, routes: [{ path: 'x', upstream: 'sit' }] },
    upstream: { scheduler: 'x' },
  });
  expect(findingsIn(content).map((finding) => finding.split(': ', 1)[0])).toEqual([
    'listeners[0].routes[0].path',
    'listeners[0].timeouts.idle',
    'upstreams.site.scheduler',
    'listeners[0].upstream',
    'listeners[0].routes[0].upstream',
  ]);
});

test('without any upstream the message says so', () => {
  expect(findingsIn({ listeners: [{ name: 'a', address: ':80', upstream: 'site' }] })).toEqual([
    'listeners[0].upstream: expected the name of an upstream (there are none yet), found "site"',
  ]);
});

test('names from Object.prototype are no upstreams', () => {
  expect(findingsIn(contentWith({ listener: { upstream: 'constructor' } }))).toHaveLength(1);
});
