import { describe, expect, test } from 'vitest';
import { contentWith, findingsIn } from '../../support/config-findings.ts';

const ADDRESS = 'an address like "127.0.0.1:8080", "[::1]:8080", ":8080" or "unix:/run/a.sock"';

describe('a wrong value is named with what was expected', () => {
  test.each<[object, string]>([
    [{ timeouts: { header: 5 } }, 'timeouts.header: expected a duration like "5s", found 5'],
    [{ timeouts: { header: '5' } }, 'timeouts.header: expected a duration like "5s", found "5"'],
    [{ timeouts: { header: '0s' } }, 'timeouts.header: expected a duration from "1ms" to "596h", found "0s"'],
    [
      { timeouts: { header: '597h' } },
      'timeouts.header: expected a duration from "1ms" to "596h", found "597h"',
    ],
    [{ timeouts: null }, 'timeouts: expected an object, found null'],
    [{ limits: { head: 65536 } }, 'limits.head: expected a size like "64KiB", found 65536'],
    [{ limits: { head: '64kb' } }, 'limits.head: expected a size like "64KiB", found "64kb"'],
    [{ limits: { head: 'none' } }, 'limits.head: expected a size like "64KiB", found "none"'],
    [{ limits: { body: false } }, 'limits.body: expected a size like "64KiB", or "none", found false'],
    [{ limits: { headers: 1.5 } }, 'limits.headers: expected an integer from 1 to 10000, found 1.5'],
    [
      { limits: { connectionsPerClient: 'all' } },
      'limits.connectionsPerClient: expected an integer from 1 to 10000000, or "none", found "all"',
    ],
    [
      { name: 'a b' },
      'name: expected a name of letters, digits, ".", "_" and "-" that begins with a letter or digit, found "a b"',
    ],
    [{ name: undefined }, 'name: missing: expected a name'],
    [{ address: 8080 }, `address: expected ${ADDRESS}, found 8080`],
    [{ address: 'localhost' }, `address: expected ${ADDRESS}, found "localhost"`],
    [
      { protocol: 'htp' },
      'protocol: expected one of "http", "https", "tcp", "tls", "udp", found "htp"; did you mean `http`?',
    ],
    [{ rules: 5 }, 'rules: expected a path like "./rules/site.ts", or an object with `script`, found 5'],
    [{ rules: {} }, 'rules.script: missing: expected a path'],
    [
      { rules: { script: 'a.ts', onError: 'allow' } },
      'rules.onError: expected one of "deny", "next", found "allow"',
    ],
    [
      { rules: { script: 'a.ts', memoryLimit: '1MiB' } },
      'rules.memoryLimit: expected a size of at least "8MiB", found "1MiB"',
    ],
    [
      { forwarded: { trust: ['x'] } },
      'forwarded.trust[0]: expected an address or a range like "10.0.0.0/8", found "x"',
    ],
    [{ forwarded: { via: 'yes' } }, 'forwarded.via: expected true or false, found "yes"'],
    [
      { errorPages: { 200: 'x' } },
      'errorPages["200"]: expected a status like "404", "4xx", "5xx" or "default", found "200"',
    ],
    [
      { errorPages: { 404: 1 } },
      'errorPages["404"]: expected a path like "./404.html", or an object with `html` and `json`, found 1',
    ],
    [{ routes: {} }, 'routes: expected a list, found an object'],
    [
      { routes: [{ upstream: 'site', host: 'a:1' }] },
      'routes[0].host: expected a host without a port, found "a:1"',
    ],
    [
      { routes: [{ upstream: 'site', path: 'a' }] },
      'routes[0].path: expected a path that begins with "/", found "a"',
    ],
    [
      { routes: [{ upstream: 'site', method: 'A B' }] },
      'routes[0].method: expected a token (RFC 9110 5.6.2), found "A B"',
    ],
    [
      { routes: [{ upstream: 'site', headers: { x: 1 } }] },
      'routes[0].headers.x: expected a text in quotes, or true for "is present", found 1',
    ],
    [
      { routes: [{ upstream: 'site', headers: { x: 'a\r\nb' } }] },
      'routes[0].headers.x: expected a header value without control characters, found "a\\r\\nb"',
    ],
    [
      { routes: [{ upstream: 'site', headers: { 'x:': '1' } }] },
      'routes[0].headers["x:"]: expected a header name, found "x:"',
    ],
    [{ routes: [{}] }, 'routes[0].upstream: missing: expected a name'],
  ])('listener %j', (listener, finding) => {
    expect(findingsIn(contentWith({ listener }))).toEqual([`listeners[0].${finding}`]);
  });

  test.each<[object, string]>([
    [
      { scheduler: 'round-robbin' },
      'scheduler: expected one of "round-robin", "weighted", "weighted-round-robin", "random", "weighted-random", "power-of-two-choices", "key-modulo", "key-ranges", "consistent-hash", "maglev", "least-connections", "fastest", "observed", "predictive", "dynamic-ratio", found "round-robbin"; did you mean `round-robin`?',
    ],
    [{ backends: [] }, 'backends: expected at least one backend, found none'],
    [{ backends: undefined }, 'backends: missing: expected a list'],
    [
      { backends: [{ address: 'a:1', weight: 65_536 }] },
      'backends[0].weight: expected an integer from 0 to 65535, found 65536',
    ],
    [
      { backends: [{ address: 'a:1', weight: -1 }] },
      'backends[0].weight: expected an integer from 0 to 65535, found -1',
    ],
    [
      { backends: [{ address: 'a:1', state: 'down' }] },
      'backends[0].state: expected one of "ready", "drain", "maintenance", found "down"',
    ],
    [
      { backends: [{ address: 'a:1', priority: 1001 }] },
      'backends[0].priority: expected an integer from 0 to 1000, found 1001',
    ],
    [
      { backends: [{ address: 'a:1', backup: 'yes' }] },
      'backends[0].backup: expected true or false, found "yes"',
    ],
    [{ minAvailable: 0 }, 'minAvailable: expected an integer from 1 to 65535, found 0'],
    [{ scheduler: 'random', slowStart: 30 }, 'slowStart: expected a duration like "5s", found 30'],
    [{ retries: { attempts: 0 } }, 'retries.attempts: expected an integer from 1 to 100, found 0'],
    [
      { retries: { on: ['resets'] } },
      'retries.on[0]: expected one of "connect-failure", "reset", "timeout", "refused-stream", or a status from 400 to 599, found "resets"',
    ],
    [
      { retries: { on: [200] } },
      'retries.on[0]: expected one of "connect-failure", "reset", "timeout", "refused-stream", or a status from 400 to 599, found 200',
    ],
    [
      { retries: { budget: 0.2 } },
      'retries.budget: expected an object with `share` and `minPerSecond`, or "none", found 0.2',
    ],
    [{ retries: { budget: { share: 20 } } }, 'retries.budget.share: expected a number from 0 to 1, found 20'],
    [{ retries: { body: 'none' } }, 'retries.body: expected a size like "64KiB", found "none"'],
    [{ retries: { hedge: {} } }, 'retries.hedge.after: missing: expected a duration like "5s"'],
    [
      { retries: { attempts: 1, hedge: { after: '1s' } } },
      'retries.attempts: expected at least 2 with `hedge`',
    ],
    [
      { circuitBreaker: { errorRatio: 0 } },
      'circuitBreaker.errorRatio: expected a number from 0.01 to 1, found 0',
    ],
    [
      { circuitBreaker: true },
      'circuitBreaker: expected false, or an object with `failures`, `openFor` and so on, found true',
    ],
    [
      { fallback: 'a b' },
      'fallback: expected a name of letters, digits, ".", "_" and "-" that begins with a letter or digit, found "a b"',
    ],
    [{ connections: { warmUp: -1 } }, 'connections.warmUp: expected an integer from 0 to 1000, found -1'],
    [
      { connections: { maxAge: 60 } },
      'connections.maxAge: expected a duration like "5s", or "none", found 60',
    ],
    [
      { connections: { maxRequests: 0 } },
      'connections.maxRequests: expected an integer from 1 to 1000000000, found 0',
    ],
  ])('upstream %j', (upstream, finding) => {
    expect(findingsIn(contentWith({ upstream }))).toEqual([`upstreams.site.${finding}`]);
  });

  test.each([':80', '10.0.0.1:0', 'http://10.0.0.1:80'])('backend address %s', (address) => {
    const [finding] = findingsIn(contentWith({ upstream: { backends: [{ address }] } }));
    expect(finding).toMatch(/^upstreams\.site\.backends\[0\]\.address: expected an address like .*, found "/);
  });

  test.each<[object, string]>([
    [{ listeners: [] }, 'listeners: expected at least one listener, found none'],
    [{ listeners: undefined }, 'listeners: missing: expected a list'],
    [{ workers: 0 }, 'workers: expected an integer from 1 to 1024, found 0'],
    [{ workers: 'all' }, 'workers: expected an integer from 1 to 1024, or "auto", found "all"'],
    [{ user: 33 }, 'user: expected a user name, found 33'],
    [{ lists: { office: '10.0.0.0/8' } }, 'lists.office: expected a list, found "10.0.0.0/8"'],
    [
      { lists: { 'a b': [] } },
      'lists["a b"]: expected a name of letters, digits, ".", "_" and "-" that begins with a letter or digit, found "a b"',
    ],
    [
      { log: { access: 'json' } },
      'log.access: expected true, false, or an object with `format` and `file`, found "json"',
    ],
    [
      { log: { level: 'verbose' } },
      'log.level: expected one of "trace", "debug", "info", "warn", "error", "fatal", "silent", found "verbose"',
    ],
  ])('top level %j', (top, finding) => {
    expect(findingsIn(contentWith({ top }))).toEqual([finding]);
  });

  test.each([[null], ['text'], [[]]])('a config that is %j', (content) => {
    expect(findingsIn(content)).toEqual([expect.stringMatching(/^: expected an object, found /)]);
  });
});
