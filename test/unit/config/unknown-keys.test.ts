import { expect, test } from 'vitest';
import { contentWith, findingsIn } from '../../support/config-findings.ts';

test('each unknown key is named, with the nearest right name', () => {
  const content = contentWith({
    listener: {
      upstrem: 'site',
      port: 80,
      timeouts: { idel: '5s' },
      rules: { script: 'a.ts', timelimit: '5ms' },
    },
    top: { listners: [] },
  });
  expect(findingsIn(content).toSorted()).toEqual([
    'listeners[0].port: unknown key; expected one of name, protocol, address, ipv6Only, socketMode, tls, rules, shadow, plugins, routes, upstream, timeouts, limits, webSocket, http2, forwarded, errorPages, proxyProtocol, redirectToHttps, bandwidth, hsts',
    'listeners[0].rules.timelimit: unknown key; did you mean `timeLimit`?',
    'listeners[0].timeouts.idel: unknown key; did you mean `idle`?',
    'listeners[0].upstrem: unknown key; did you mean `upstream`?',
    'listners: unknown key; did you mean `listeners`?',
  ]);
});

test('a key called __proto__ is unknown like any other', () => {
  const content: unknown = JSON.parse(
    '{ "listeners": [{ "name": "a", "address": ":80", "__proto__": {} }] }',
  );
  expect(findingsIn(content)).toEqual([expect.stringMatching(/^listeners\[0\]\.__proto__: unknown key/)]);
});
