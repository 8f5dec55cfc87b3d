import { describe, expect, test } from 'vitest';
import { resolveConfig } from '../../../core/config/resolve.ts';
import { configSchema } from '../../../core/config/schema.ts';
import { contentWith, findingsIn } from '../../support/config-findings.ts';

function resolved(listener: object) {
  return resolveConfig(configSchema.parse(contentWith({ listener })), '/c.yaml', new Map()).listeners[0];
}

test('the least tcp listener gets every default', () => {
  expect(resolved({ protocol: 'tcp', address: '127.0.0.1:5432' })).toEqual({
    name: 'web',
    protocol: 'tcp',
    address: { kind: 'tcp', host: '127.0.0.1', port: 5432 },
    addressText: '127.0.0.1:5432',
    lastPort: null,
    tls: null,
    sni: false,
    rules: null,
    plugins: [],
    routes: [],
    upstream: 'site',
    timeouts: { idleMs: 600_000, halfClosedMs: 60_000, inspectMs: 5000, lifetimeMs: null },
    limits: { connections: 20_000, connectionsPerClient: null, inspectBytes: 16_384 },
    drainTimeoutMs: 10_000,
    proxyProtocol: null,
    bandwidth: null,
  });
});

test('the least udp listener gets every default', () => {
  expect(resolved({ protocol: 'udp', address: '127.0.0.1:53' })).toEqual({
    name: 'web',
    protocol: 'udp',
    address: { kind: 'tcp', host: '127.0.0.1', port: 53 },
    addressText: '127.0.0.1:53',
    lastPort: null,
    tls: null,
    rules: null,
    plugins: [],
    upstream: 'site',
    timeouts: { idleMs: 30_000 },
    limits: { sessions: 10_000, sessionsPerClient: null, queueBytes: 262_144 },
    sticky: true,
    consistent: true,
    responses: null,
    datagrams: null,
    drainTimeoutMs: 10_000,
    bandwidth: null,
  });
});

test('a range of ports, routes and a bandwidth', () => {
  expect(
    resolved({
      protocol: 'tcp',
      address: '[::1]:6000-6010',
      sni: true,
      routes: [{ serverName: '*.DB.test', alpn: 'h2', upstream: 'site' }],
      bandwidth: '10MiB/s',
    }),
  ).toMatchObject({
    address: { host: '::1', port: 6000 },
    lastPort: 6010,
    routes: [{ serverName: '*.db.test', alpn: 'h2', upstream: 'site' }],
    bandwidth: { listenerBytes: 10_485_760, connectionBytes: null },
  });
});

describe('findings', () => {
  test.each([
    [{ protocol: 'tcp', routes: [{ path: '/', upstream: 'site' }] }, /routes\[0\]\.path: unknown key/],
    [{ protocol: 'tcp', hsts: true }, /hsts: unknown key/],
    [
      { protocol: 'tcp', routes: [{ serverName: 'a.test', upstream: 'site' }] },
      /routes: expected `sni: true`/,
    ],
    [{ protocol: 'tcp', tls: {} }, /tls: expected `tls` with protocol "tls" only, found protocol "tcp"/],
    [{ protocol: 'tcp', alpn: ['h2'] }, /alpn: expected with protocol "tls" only/],
    [{ protocol: 'tls' }, /missing: expected `tls` with `certificates` for protocol "tls"/],
    [{ protocol: 'udp', address: 'unix:/run/a.sock' }, /expected an IP address for protocol "udp"/],
    [{ protocol: 'udp', limits: { queue: '1' } }, /limits\.queue: expected a size/],
    [{ protocol: 'udp', responses: 0 }, /responses: expected an integer from 1 to 1000000, found 0/],
    [
      { protocol: 'udp', upstream: 'sit' },
      /expected the name of an upstream \(site\), found "sit"; did you mean `site`/,
    ],
    [{ protocol: 'tcp', address: '10.0.0.1:6010-6000' }, /expected a range of at most 1000 ports/],
    [{ protocol: 'tcp', address: '10.0.0.1:6000-7000' }, /expected a range of at most 1000 ports/],
    [{ protocol: 'http', address: '10.0.0.1:6000-6010' }, /expected an address like/],
    [{ protocol: 'tcp', limits: { inspect: '10GiB' } }, /limits\.inspect: expected a size of at most "1MiB"/],
    [{ protocol: 'tcp', bandwidth: {} }, /bandwidth: expected a rate for `listener`, `connection` or both/],
    [{ protocol: 'tcp', bandwidth: '10MiB' }, /bandwidth: expected a rate like "10MiB\/s"/],
    [{ protocol: 'tcp', bandwidth: { listener: '0B/s' } }, /bandwidth\.listener: expected a rate like/],
    [
      { protocol: 'tcp', plugins: ['acl', 'compress'] },
      /plugins\[1\]: .* found "compress", which is never asked/,
    ],
    [{ protocol: 'udp', plugins: [{ use: 'basic-auth' }] }, /plugins\[0\]\.use: .*protocol "udp"/],
    [{ protocol: 'udp', address: '127.0.0.1:9001' }, /upstream: .*127\.0\.0\.1:9001 is this listener itself/],
    [{ protocol: 'tcp', address: ':9000-9002' }, /upstream: .*is this listener itself/],
  ])('%j', (listener, finding) => {
    expect(findingsIn(contentWith({ listener })).join('\n')).toMatch(finding);
  });

  test.each([
    [{ backends: [{ address: 'unix:/run/dns.sock' }] }, /found "site", whose backends\[0\] is a Unix socket/],
    [
      { backends: [{ address: '10.0.0.1:53' }], tls: true },
      /expected an upstream without `tls`, found "site"/,
    ],
  ])('a udp listener with the upstream %j', (site, finding) => {
    const listener = { protocol: 'udp', address: ':53' };
    const [found = ''] = findingsIn(contentWith({ listener, top: { upstreams: { site } } }));
    expect(found).toMatch(/^listeners\[0\]\.upstream: /);
    expect(found).toMatch(finding);
  });

  test('a wildcard and a backend elsewhere are no circle', () => {
    const upstream = { backends: [{ address: '10.0.0.9:53' }] };
    expect(findingsIn(contentWith({ listener: { protocol: 'udp', address: ':53' }, upstream }))).toEqual([]);
  });

  test('the same route twice, and an unknown upstream in one', () => {
    const routes = [
      { serverName: 'a.test', upstream: 'site' },
      { serverName: 'A.test', upstream: 'nowhere' },
    ];
    const found = findingsIn(contentWith({ listener: { protocol: 'tcp', sni: true, routes } })).join('\n');
    expect(found).toMatch(/routes\[1\]: expected a row of its own/);
    expect(found).toMatch(/routes\[1\]\.upstream: .*"nowhere"/);
  });

  test('tcp and udp may share a port, ranges of tcp may not overlap', () => {
    const listener = (name: string, protocol: string, address: string) => ({ name, protocol, address });
    const findings = (...listeners: object[]) => findingsIn(contentWith({ top: { listeners } }));
    expect(findings(listener('a', 'tcp', ':53'), listener('b', 'udp', ':53'))).toEqual([]);
    expect(findings(listener('a', 'tcp', ':60-70'), listener('b', 'http', ':65'))).toHaveLength(1);
    expect(findings(listener('a', 'http', ':65'), listener('b', 'tcp', ':60-70'))).toHaveLength(1);
    expect(findings(listener('a', 'tcp', ':60-64'), listener('b', 'tcp', ':65-70'))).toEqual([]);
  });
});
