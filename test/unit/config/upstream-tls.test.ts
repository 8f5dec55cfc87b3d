import { expect, test } from 'vitest';
import { contentWith, findingsIn } from '../../support/config-findings.ts';

test.each<[object, string[]]>([
  [{ protocol: 'h2', tls: true }, []],
  [{ protocol: 'auto', tls: { verify: false } }, []],
  [{ protocol: 'h2c' }, []],
  [{ protocol: 'http1', tls: true }, []],
  [
    { protocol: 'h2' },
    ['upstreams.site.protocol: expected `tls` with "h2", found none; HTTP/2 without TLS is "h2c"'],
  ],
  [{ protocol: 'auto', tls: false }, ['upstreams.site.protocol: expected `tls` with "auto", found none']],
  [
    { protocol: 'h2c', tls: true },
    ['upstreams.site.protocol: expected no `tls` with "h2c", found it; HTTP/2 over TLS is "h2"'],
  ],
  [{ tls: { cert: './a.pem' } }, ['upstreams.site.tls.cert: expected `key` besides, found `cert` alone']],
  [{ tls: { key: './a.key' } }, ['upstreams.site.tls.key: expected `cert` besides, found `key` alone']],
  [
    { tls: true, backends: [{ address: 'unix:/a.sock' }] },
    ['upstreams.site.tls: expected `serverName`, since backends[0] has no host name that it could prove'],
  ],
  [{ tls: { policy: 'modern' } }, []],
  [{ tls: { policy: { maxVersion: 'TLSv1.2' } } }, []],
  [
    { tls: { policy: 'modren' } },
    [
      'upstreams.site.tls.policy: expected "modern", "intermediate" or an object of your own, found "modren"; did you mean `modern`?',
    ],
  ],
  [
    { tls: { policy: { groups: ['P-257'] } } },
    ['upstreams.site.tls.policy.groups: expected groups that OpenSSL knows, found "P-257"'],
  ],
  [
    { tls: { policy: 'modern', minVersion: 'TLSv1.2' } },
    ['upstreams.site.tls.minVersion: expected it within `policy`, found it besides'],
  ],
  [{ protocol: 'h2', tls: true, proxyProtocol: 'v2' }, []],
  [{ tls: { serverName: 'a.test' }, backends: [{ address: 'unix:/a.sock' }] }, []],
  [{ tls: { verify: false }, backends: [{ address: 'unix:/a.sock' }] }, []],
])('%j', (upstream, findings) => {
  expect(findingsIn(contentWith({ upstream }))).toEqual(findings);
});
