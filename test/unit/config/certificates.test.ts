import { expect, test } from 'vitest';
import { resolveConfig } from '../../../core/config/resolve.ts';
import { configSchema } from '../../../core/config/schema.ts';
import type { Config } from '../../../core/shared/config-types.ts';
import { contentWith, findingsIn } from '../../support/config-findings.ts';

const LETS_ENCRYPT = 'https://acme-v02.api.letsencrypt.org/directory';

function resolved(certificates: unknown, texts = new Map<string, string>()): Config {
  const content = contentWith({ listener: { protocol: 'https' }, top: { certificates } });
  expect(findingsIn(content)).toEqual([]);
  return resolveConfig(configSchema.parse(content), '/etc/t/c.yaml', texts);
}

test('a domain is all that it takes', () => {
  const config = resolved({ acme: { domains: ['Example.com', ['b.test', 'c.test', 'b.test']] } });
  const order = {
    issuers: [
      {
        directory: LETS_ENCRYPT,
        ca: null,
        contact: [],
        externalAccount: null,
        profile: null,
        preferredChain: null,
      },
    ],
    keyTypes: ['ecdsa-p256'],
    challenges: ['http-01', 'tls-alpn-01'],
    dns: null,
    mustStaple: false,
  };
  expect(config.certificates).toEqual({
    storage: '/etc/t/certificates-data',
    managed: [
      { names: ['example.com'], order },
      { names: ['b.test', 'c.test'], order },
    ],
    onDemand: null,
    selfSigned: [],
  });
  expect(config.listeners[0]?.tls).toMatchObject({ managed: true, certificates: [] });
});

test('every key arrives where it belongs', () => {
  const texts = new Map([
    ['/etc/t/ca.pem', 'their CA'],
    ['env:HMAC', 'from the environment'],
    ['/keys/tsig', 'from a file'],
  ]);
  const config = resolved(
    {
      storage: '/var/lib/t',
      acme: [
        {
          directory: 'https://ca.test/dir',
          caFile: 'ca.pem',
          email: 'a@b.test',
          externalAccount: { keyId: 'k1', hmacKey: { env: 'HMAC' } },
          profile: 'shortlived',
          preferredChain: 'Root X',
          fallback: [
            { directory: 'https://other.test/dir' },
            { directory: LETS_ENCRYPT, email: ['c@d.test'] },
          ],
          keyTypes: ['rsa-2048', 'ecdsa-p384'],
          dns: {
            type: 'update',
            server: '127.0.0.1:5353',
            zone: 'example.test',
            tsig: { name: 'key.test', algorithm: 'hmac-sha512', secret: { file: '/keys/tsig' } },
            ttl: '30s',
            propagationTimeout: '10s',
          },
          mustStaple: true,
          domains: ['*.example.test'],
        },
        {
          challenges: ['dns-01'],
          dns: { type: 'command', command: ['./hook.sh', '--now'], timeout: '5s' },
          domains: ['d.test'],
        },
      ],
      onDemand: {
        ask: 'http://127.0.0.1:9/may?x=1',
        askTimeout: '1s',
        acme: { challenges: ['tls-alpn-01'] },
        rate: { orders: 3, per: '10m' },
        concurrency: 4,
        negativeCache: '1m',
        maxNames: 5,
      },
      selfSigned: ['localhost'],
    },
    texts,
  );
  const other = { ca: null, externalAccount: null, profile: null, preferredChain: null };
  expect(config.certificates).toMatchObject({
    storage: '/var/lib/t',
    managed: [
      {
        names: ['*.example.test'],
        order: {
          issuers: [
            {
              directory: 'https://ca.test/dir',
              ca: 'their CA',
              contact: ['mailto:a@b.test'],
              externalAccount: { keyId: 'k1', hmacKey: 'from the environment' },
              profile: 'shortlived',
              preferredChain: 'Root X',
            },
            { ...other, directory: 'https://other.test/dir', contact: ['mailto:a@b.test'] },
            { ...other, directory: LETS_ENCRYPT, contact: ['mailto:c@d.test'] },
          ],
          keyTypes: ['rsa-2048', 'ecdsa-p384'],
          challenges: ['http-01', 'tls-alpn-01', 'dns-01'],
          dns: {
            kind: 'update',
            server: { host: '127.0.0.1', port: 5353 },
            zone: 'example.test',
            tsig: { name: 'key.test', algorithm: 'hmac-sha512', secret: 'from a file' },
            ttl: 30,
            propagationTimeoutMs: 10_000,
          },
          mustStaple: true,
        },
      },
      {
        names: ['d.test'],
        order: {
          challenges: ['dns-01'],
          dns: {
            kind: 'command',
            command: ['/etc/t/hook.sh', '--now'],
            timeoutMs: 5000,
            propagationTimeoutMs: 120_000,
          },
        },
      },
    ],
    onDemand: {
      ask: { kind: 'url', url: 'http://127.0.0.1:9/may?x=1', timeoutMs: 1000 },
      order: { challenges: ['tls-alpn-01'], issuers: [{ directory: LETS_ENCRYPT }] },
      rate: { orders: 3, perMs: 600_000 },
      concurrency: 4,
      negativeCacheMs: 60_000,
      maxNames: 5,
    },
    selfSigned: ['localhost'],
  });
});

test('on demand goes by the terms of the first that there are', () => {
  const config = resolved({ acme: { email: 'a@b.test' }, onDemand: { ask: ['*.example.test', 'a.test'] } });
  expect(config.certificates?.onDemand).toMatchObject({
    ask: { kind: 'names', names: ['*.example.test', 'a.test'] },
    order: { issuers: [{ contact: ['mailto:a@b.test'] }] },
    rate: { orders: 100, perMs: 3_600_000 },
    concurrency: 20,
    negativeCacheMs: 300_000,
    maxNames: 10_000,
  });
});

test('an https listener may have files and leave the rest to what is obtained', () => {
  const tls = { certificates: [{ cert: 'a.pem', key: 'a.key' }] };
  const top = { certificates: { selfSigned: ['b.test'] } };
  expect(findingsIn(contentWith({ listener: { protocol: 'https', tls }, top }))).toEqual([]);
  expect(findingsIn(contentWith({ listener: { protocol: 'https', tls: {} }, top }))).toEqual([]);
});

const update = { type: 'update', server: '127.0.0.1:53' };

test.each<[what: string, certificates: unknown, findings: string[]]>([
  [
    'a wildcard without dns',
    { acme: { domains: ['a.test', ['b.test', '*.b.test']] } },
    [
      'certificates.acme.domains[1]: expected `dns` beside a wildcard, which nothing else proves (RFC 8555 8.4), found none: "*.b.test"',
    ],
  ],
  [
    'a wildcard with other challenges',
    { acme: [{ domains: ['*.b.test'], challenges: ['http-01'] }] },
    [
      'certificates.acme[0].domains[0]: expected `dns` and "dns-01" among `challenges` beside a wildcard, which nothing else proves (RFC 8555 8.4), found none: "*.b.test"',
    ],
  ],
  [
    'dns-01 without dns',
    { acme: { domains: ['a.test'], challenges: ['http-01', 'dns-01'] } },
    ['certificates.acme.challenges[1]: expected `dns` beside "dns-01", found none'],
  ],
  [
    'dns without dns-01',
    { acme: { domains: ['a.test'], challenges: ['http-01'], dns: update } },
    ['certificates.acme.dns: expected "dns-01" among `challenges` beside it, found none'],
  ],
  [
    'a name twice',
    { acme: [{ domains: ['a.test'] }, { domains: [['b.test', 'A.test']] }], selfSigned: ['b.test'] },
    [
      'certificates.acme[1].domains[0]: expected each name once, found "a.test", which acme[0].domains[0] has too',
      'certificates.selfSigned[0]: expected each name once, found "b.test", which acme[1].domains[0] has too',
    ],
  ],
  ['no domains', { acme: {} }, ['certificates.acme: missing: expected `domains`']],
  [
    'a name that is none',
    { acme: { domains: ['a b', ['c.test', '-']] } },
    [
      'certificates.acme.domains[0]: expected a name like "example.com" or "*.example.com", found "a b"',
      'certificates.acme.domains[1][1]: expected a name like "example.com" or "*.example.com", found "-"',
    ],
  ],
  [
    'a directory without TLS',
    { acme: { domains: ['a.test'], directory: 'http://ca.test/dir' } },
    ['certificates.acme.directory: expected a URL that begins with "https://", found "http://ca.test/dir"'],
  ],
  [
    'a misspelt key and a misspelt type',
    { acme: { domain: ['a.test'], keyTypes: ['ecdsa-p255'] } },
    [
      'certificates.acme.keyTypes[0]: expected one of "ecdsa-p256", "ecdsa-p384", "rsa-2048", "rsa-4096", found "ecdsa-p255"; did you mean `ecdsa-p256`?',
      'certificates.acme.domain: unknown key; did you mean `domains`?',
    ],
  ],
  [
    'a secret that is too much, or wrong, is not shown',
    {
      acme: [
        { domains: ['a.test'], externalAccount: { keyId: 'k', hmacKey: { env: 'A', file: 'b' } } },
        { domains: ['b.test'], externalAccount: { keyId: 'k', hmacKey: 12_345 } },
      ],
    },
    [
      'certificates.acme[0].externalAccount.hmacKey: expected either `env` or `file`',
      'certificates.acme[1].externalAccount.hmacKey: expected a text, `{ env: "NAME" }` or `{ file: "./path" }`',
    ],
  ],
  [
    'an unknown kind of dns',
    { acme: { domains: ['a.test'], dns: { type: 'route53' } } },
    ['certificates.acme.dns.type: expected it to be "update" or "command"'],
  ],
  [
    'a socket for updates',
    { acme: { domains: ['a.test'], dns: { type: 'update', server: 'unix:/a' } } },
    ['certificates.acme.dns.server: expected a host and a port, found "unix:/a"'],
  ],
  [
    'nobody who says yes',
    { onDemand: {} },
    ['certificates.onDemand.ask: missing: expected a list of names, a URL, or "rule"'],
  ],
  [
    'a word that is no URL',
    { onDemand: { ask: 'rules' } },
    ['certificates.onDemand.ask: expected a list of names, a URL, or "rule", found "rules"'],
  ],
  [
    'a rule without rules',
    { onDemand: { ask: 'rule' } },
    ['certificates.onDemand.ask: expected `rules` on an https listener beside "rule", found none'],
  ],
  [
    'terms of on demand',
    { onDemand: { ask: ['a.test'], acme: { challenges: ['dns-01'] } } },
    ['certificates.onDemand.acme.challenges[0]: expected `dns` beside "dns-01", found none'],
  ],
])('%s', (_, certificates, findings) => {
  const content = contentWith({ listener: { protocol: 'https' }, top: { certificates } });
  expect(findingsIn(content).toSorted()).toEqual(findings.toSorted());
});
