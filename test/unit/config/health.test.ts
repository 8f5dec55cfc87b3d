import { describe, expect, test } from 'vitest';
import { describeChanges } from '../../../core/config/diff.ts';
import { resolveConfig } from '../../../core/config/resolve.ts';
import { configSchema } from '../../../core/config/schema.ts';
import type { Config } from '../../../core/shared/config-types.ts';
import type { HealthCheckConfig } from '../../../core/shared/health-types.ts';
import { contentWith, findingsIn } from '../../support/config-findings.ts';

function config(upstream: object): Config {
  return resolveConfig(configSchema.parse(contentWith({ upstream })), '/etc/t/c.yaml', new Map());
}

function check(healthCheck: object | false): HealthCheckConfig | null | undefined {
  return config({ healthCheck }).upstreams[0]?.healthCheck;
}

describe('what a check says becomes what is done', () => {
  test.each<[object, object]>([
    [{}, { type: 'tcp', send: '', expect: null }],
    [
      { send: 'PING\r\n', expect: 'PONG' },
      { type: 'tcp', send: 'PING\r\n', expect: 'PONG' },
    ],
    [{ type: 'tls' }, { type: 'tls', send: '', expect: null }],
    [
      { type: 'agent', send: 'web1\n' },
      { type: 'agent', send: 'web1\n', expect: null },
    ],
    [{ type: 'grpc' }, { type: 'grpc', host: null, service: '' }],
    [
      { type: 'websocket', path: '/ws' },
      { type: 'websocket', path: '/ws', host: null, headers: {} },
    ],
    [
      { type: 'command', command: ['./check.sh', './a'] },
      { type: 'command', command: ['/etc/t/check.sh', './a'] },
    ],
    [
      { type: 'command', command: ['pg_isready'] },
      { type: 'command', command: ['pg_isready'] },
    ],
  ])('%j', (given, probe) => {
    expect(check(given)?.probe).toEqual(probe);
  });

  test.each<[string | number, object]>([
    ['200-399', [[200, 399]]],
    [204, [[204, 204]]],
    ['200, 404 ,500-599', [[200, 200], [404, 404], [500, 599]]], // prettier-ignore
  ])('status %j', (status, statuses) => {
    expect(check({ type: 'http', status })?.probe).toMatchObject({ statuses });
  });

  test('timeout and fastInterval follow the interval', () => {
    expect(check({ interval: '300ms' })).toMatchObject({ timeoutMs: 300, fastIntervalMs: 100 });
    expect(check({ interval: '1m' })).toMatchObject({ timeoutMs: 2000, fastIntervalMs: 1000 });
    expect(check({ interval: '100ms' })).toMatchObject({ timeoutMs: 100, fastIntervalMs: 50 });
  });

  test('false is none', () => {
    expect(check(false)).toBeNull();
    expect(config({ passiveHealth: false }).upstreams[0]?.passiveHealth).toBeNull();
  });
});

describe('a wrong setting is named', () => {
  test.each<[object, string[]]>([
    [
      { healthCheck: true },
      ['healthCheck: expected false, or an object with `type`, `interval` and so on, found true'],
    ],
    [{ healthCheck: { typ: 'http' } }, ['healthCheck.typ: unknown key; did you mean `type`?']],
    [
      { healthCheck: { type: 'htp' } },
      [
        'healthCheck.type: expected one of "tcp", "http", "https", "h2", "tls", "grpc", "udp", "websocket", "agent", "command", found "htp"; did you mean `http`?',
      ],
    ],
    [
      { healthCheck: { interval: '10ms' } },
      ['healthCheck.interval: expected a duration from "100ms" to "596h", found "10ms"'],
    ],
    [{ healthCheck: { interval: 5 } }, ['healthCheck.interval: expected a duration like "5s", found 5']],
    [{ healthCheck: { jitter: 2 } }, ['healthCheck.jitter: expected a number from 0 to 0.5, found 2']],
    [{ healthCheck: { rise: 0 } }, ['healthCheck.rise: expected an integer from 1 to 100, found 0']],
    [{ healthCheck: { port: 0 } }, ['healthCheck.port: expected an integer from 1 to 65535, found 0']],
    [
      { healthCheck: { sourceAddress: 'eth0' } },
      ['healthCheck.sourceAddress: expected an IP address, found "eth0"'],
    ],
    [
      { healthCheck: { type: 'http', path: 'x' } },
      ['healthCheck.path: expected a path that begins with "/", without spaces, found "x"'],
    ],
    [
      { healthCheck: { type: 'http', path: '/ HTTP/1.1\r\nx: y' } },
      [
        'healthCheck.path: expected a path that begins with "/", without spaces, found "/ HTTP/1.1\\r\\nx: y"',
      ],
    ],
    [
      { healthCheck: { type: 'http', host: 'a\r\nb' } },
      ['healthCheck.host: expected a host, found "a\\r\\nb"'],
    ],
    [
      { healthCheck: { type: 'http', method: 'G T' } },
      ['healthCheck.method: expected a token (RFC 9110 5.6.2), found "G T"'],
    ],
    [
      { healthCheck: { type: 'http', headers: { a: 'b\nc' } } },
      ['healthCheck.headers.a: expected a header value without control characters, found "b\\nc"'],
    ],
    [
      { healthCheck: { type: 'http', status: 'ok' } },
      ['healthCheck.status: expected statuses like "200-399,404", found "ok"'],
    ],
    [
      { healthCheck: { type: 'http', status: '399-200' } },
      ['healthCheck.status: expected statuses like "200-399,404", found "399-200"'],
    ],
    [
      { healthCheck: { type: 'http', status: 99 } },
      ['healthCheck.status: expected an integer from 100 to 599, found 99'],
    ],
    [
      { healthCheck: { send: '€' } },
      ['healthCheck.send: expected characters that stand for bytes, "\\x00" to "\\xff", found "€"'],
    ],
    [
      { healthCheck: { path: '/x' } },
      ['healthCheck.path: expected it with type "http", "https", "h2", "websocket" only, found type "tcp"'],
    ],
    [
      { healthCheck: { type: 'http', send: 'x' } },
      ['healthCheck.send: expected it with type "tcp", "tls", "udp", "agent" only, found type "http"'],
    ],
    [
      { healthCheck: { type: 'http', reuse: 'yes' } },
      ['healthCheck.reuse: expected true or false, found "yes"'],
    ],
    [
      { healthCheck: { type: 'tcp', reuse: true } },
      ['healthCheck.reuse: expected it with type "http", "https" only, found type "tcp"'],
    ],
    [{ healthCheck: { type: 'command' } }, ['healthCheck: missing: expected `command` for type "command"']],
    [
      { healthCheck: { type: 'command', command: [] } },
      ['healthCheck.command: expected a program and its arguments, found none'],
    ],
    [
      { healthCheck: { type: 'udp' }, backends: [{ address: 'unix:/a' }] },
      ['healthCheck: expected another type than "udp", since backends[0] is a Unix socket'],
    ],
    [
      { healthCheck: { port: 80 }, backends: [{ address: 'unix:/a' }] },
      ['healthCheck.port: expected no `port`, since backends[0] is a Unix socket'],
    ],
    [
      { passiveHealth: true },
      ['passiveHealth: expected false, or an object with `failures`, `ejection` and so on, found true'],
    ],
    [
      { passiveHealth: { failures: 0 } },
      ['passiveHealth.failures: expected an integer from 1 to 10000, found 0'],
    ],
    [
      { passiveHealth: { maxEjected: 50 } },
      ['passiveHealth.maxEjected: expected a number from 0 to 1, found 50'],
    ],
    [
      { passiveHealth: { errorRatio: '50%' } },
      ['passiveHealth.errorRatio: expected a number from 0.01 to 1, found "50%"'],
    ],
  ])('%j', (upstream, findings) => {
    expect(findingsIn(contentWith({ upstream }))).toEqual(findings.map((each) => `upstreams.site.${each}`));
  });

  test('of the health log', () => {
    expect(findingsIn(contentWith({ top: { log: { health: { keep: '1s' } } } }))).toEqual([
      'log.health.keep: expected a duration from "1m" to "596h", found "1s"',
    ]);
    expect(findingsIn(contentWith({ top: { log: { health: 'yes' } } }))).toEqual([
      'log.health: expected true, false, or an object with `folder`, `checks` and `keep`, found "yes"',
    ]);
  });
});

test('a reload says what changed, and nothing of what is sent', () => {
  const changes = (before: object, after: object): string[] =>
    describeChanges(config({ healthCheck: before }), config({ healthCheck: after }));
  expect(changes({}, { interval: '1s', timeout: '500ms', fall: 5 })).toEqual([
    'upstream site: healthCheck.interval 5s → 1s, healthCheck.timeout 2s → 500ms, healthCheck.fastInterval 1s → 333ms, healthCheck.fall 2 → 5',
  ]);
  expect(changes({}, { type: 'http' })).toEqual(['upstream site: healthCheck.probe tcp → http']);
  expect(changes({ type: 'http' }, { type: 'http', headers: { authorization: 'secret' } })).toEqual([
    'upstream site: http check changed',
  ]);
  expect(changes({ type: 'http' }, { type: 'http', reuse: false })).toEqual([
    'upstream site: http check changed',
  ]);
  expect(describeChanges(config({}), config({ healthCheck: false, passiveHealth: { failures: 9 } }))).toEqual(
    ['upstream site: healthCheck on → off, passiveHealth.failures 3 → 9'],
  );
});
