import { expect, test } from 'vitest';
import { resolveConfig } from '../../../core/config/resolve.ts';
import { configSchema } from '../../../core/config/schema.ts';
import type { Config } from '../../../core/shared/config-types.ts';

test('every key arrives where it belongs', () => {
  const content = configSchema.parse({
    $schema: './config.schema.json',
    listeners: [
      {
        name: 'web',
        protocol: 'https',
        address: 'unix:./web.sock',
        socketMode: '0660',
        tls: {
          certificates: [
            { cert: 'a.pem', key: '/keys/a.key', names: ['A.test', '*.a.test'] },
            { cert: 'b.pem', key: 'b.key' },
          ],
          default: 'a.test',
          unknownNames: 'refuse',
          policy: {
            minVersion: 'TLSv1.2',
            maxVersion: 'TLSv1.2',
            ciphers: ['AES128-SHA'],
            groups: ['X25519'],
          },
          clientCertificates: { mode: 'optional', ca: 'clients.pem' },
          handshakeTimeout: '1s',
          maxHandshakes: 2,
          ticketRotation: '3m',
          cache: 4,
        },
        rules: { script: 'rules/site.ts', timeLimit: '20ms', memoryLimit: '64MiB', onError: 'next' },
        routes: [
          {
            host: '*.Example.com',
            path: '/v2/*',
            methods: ['get', 'HEAD', 'GET'],
            headers: { 'X-Beta': '1', 'x-any': true },
            upstream: 'site',
          },
          { method: 'post', upstream: 'site' },
        ],
        timeouts: { header: '1s', body: '2s', idle: '3s', write: '4s' },
        limits: {
          head: '1KiB',
          headers: 5,
          target: '6B',
          body: '7MiB',
          connections: 8,
          connectionsPerClient: 9,
        },
        http2: {
          maxStreams: 7,
          window: '1KiB',
          connectionWindow: '2MiB',
          floods: { resets: 1, pings: 2, settings: 3, emptyFrames: 4, continuations: 5 },
        },
        webSocket: { idle: '5s', ping: '6s', connections: 7, drainTimeout: '8s' },
        forwarded: {
          trust: ['10.0.0.1', 'unix:'],
          xForwarded: false,
          forwarded: false,
          via: false,
          requestId: false,
          clientCertificate: true,
        },
        errorPages: {
          404: './404.html',
          '5xx': { html: './5xx.html', json: '/pages/5xx.json' },
          default: 'any.json',
        },
        proxyProtocol: { trust: ['10.0.0.0/8'], timeout: '5s' },
        redirectToHttps: { status: 302, port: 8443, except: ['/plain/*'] },
        hsts: { maxAge: '730d', includeSubDomains: true, preload: true },
      },
    ],
    upstreams: {
      site: {
        scheduler: {
          type: 'maglev',
          key: 'header(X-User)',
          subKey: true,
          bounded: 1.25,
          table: 251,
          ranges: [{ from: 'a', to: 'm', backends: ['unix:/run/a.sock'] }, { backends: ['b:1'] }],
          header: 'X-Weight',
        },
        backends: [{ address: 'unix:/run/a.sock', weight: 0 }],
        protocol: 'auto',
        tls: {
          ca: './ca.pem',
          verify: false,
          serverName: 'site.internal',
          cert: './proxy.pem',
          key: '/keys/proxy.key',
          minVersion: 'TLSv1.3',
        },
        timeouts: { connect: '1s', response: '2s', idle: '3s' },
        limits: { head: '4KiB', headers: 5 },
        resolveInterval: '30s',
        healthCheck: false,
        retries: { attempts: 6 },
        connections: { max: 7, maxIdle: 8, streams: 9 },
        proxyProtocol: 'v2',
      },
    },
    lists: { office: ['10.0.0.0/8', '::1'] },
    workers: 3,
    admin: { address: 'localhost:9900' },
    user: 'www-data',
    group: 'web',
    shutdownTimeout: '1m',
    workerTimeout: '20s',
    log: { level: 'warn', file: './app.log', access: { format: 'combined', file: '/var/log/access.log' } },
  });
  const texts = new Map([
    ['/etc/t/404.html', 'not found'],
    ['/etc/t/clients.pem', 'authority'],
    ['/etc/t/5xx.html', 'html error'],
    ['/pages/5xx.json', 'json error'],
    ['/etc/t/any.json', 'any'],
    ['/etc/t/ca.pem', 'their CA'],
    ['/etc/t/proxy.pem', 'our certificate'],
    ['/keys/proxy.key', 'our key'],
  ]);
  const expected: Config = {
    file: '/etc/t/c.yaml',
    listeners: [
      {
        name: 'web',
        protocol: 'https',
        address: { kind: 'unix', path: '/etc/t/web.sock', mode: 0o660 },
        addressText: 'unix:./web.sock',
        tls: {
          certificateSet: expect.stringMatching(/^[\w-]{43}$/),
          certificates: [
            { cert: '/etc/t/a.pem', key: '/keys/a.key', names: ['a.test', '*.a.test'] },
            { cert: '/etc/t/b.pem', key: '/etc/t/b.key', names: null },
          ],
          default: 'a.test',
          unknownNames: 'refuse',
          protocols: ['h2', 'http/1.1'],
          policy: {
            minVersion: 'TLSv1.2',
            maxVersion: 'TLSv1.2',
            ciphers: ['AES128-SHA'],
            groups: ['X25519'],
          },
          clientCertificates: { mode: 'optional', ca: 'authority' },
          handshakeTimeoutMs: 1000,
          maxHandshakes: 2,
          ticketRotationMs: 180_000,
          cache: 4,
        },
        rules: {
          script: '/etc/t/rules/site.ts',
          timeLimitMs: 20,
          memoryLimitBytes: 67_108_864,
          onError: 'next',
        },
        routes: [
          {
            host: '*.example.com',
            path: '/v2/*',
            methods: ['GET', 'HEAD'],
            headers: [
              { name: 'x-beta', value: '1' },
              { name: 'x-any', value: true },
            ],
            upstream: 'site',
          },
          { host: null, path: null, methods: ['POST'], headers: [], upstream: 'site' },
        ],
        upstream: null,
        timeouts: { headerMs: 1000, bodyMs: 2000, idleMs: 3000, writeMs: 4000 },
        limits: {
          headBytes: 1024,
          headers: 5,
          targetBytes: 6,
          bodyBytes: 7_340_032,
          connections: 8,
          connectionsPerClient: 9,
        },
        webSocket: { idleMs: 5000, pingMs: 6000, connections: 7, drainTimeoutMs: 8000 },
        http2: {
          maxStreams: 7,
          windowBytes: 1024,
          connectionWindowBytes: 2_097_152,
          floods: { resets: 1, pings: 2, settings: 3, emptyFrames: 4, continuations: 5 },
        },
        forwarded: {
          trust: ['10.0.0.1/32', 'unix:'],
          xForwarded: false,
          forwarded: false,
          via: false,
          requestId: false,
          clientCertificate: true,
        },
        errorPages: [
          { match: '404', html: 'not found', json: null },
          { match: '5xx', html: 'html error', json: 'json error' },
          { match: 'default', html: null, json: 'any' },
        ],
        proxyProtocol: { trust: ['10.0.0.0/8'], timeoutMs: 5000 },
        redirectToHttps: { status: 302, port: 8443, except: ['/plain/*'] },
        hsts: 'max-age=63072000; includeSubDomains; preload',
      },
    ],
    upstreams: [
      {
        name: 'site',
        scheduler: {
          type: 'maglev',
          key: 'header(X-User)',
          subKey: true,
          bounded: 1.25,
          table: 251,
          ranges: [
            { from: 'a', to: 'm', backends: ['unix:/run/a.sock'] },
            { from: null, to: null, backends: ['b:1'] },
          ],
          header: 'x-weight',
        },
        backends: [
          { address: { kind: 'unix', path: '/run/a.sock' }, addressText: 'unix:/run/a.sock', weight: 0 },
        ],
        resolveIntervalMs: 30_000,
        protocol: 'auto',
        tls: {
          ca: 'their CA',
          verify: false,
          serverName: 'site.internal',
          cert: 'our certificate',
          key: 'our key',
          minVersion: 'TLSv1.3',
        },
        timeouts: { connectMs: 1000, responseMs: 2000, idleMs: 3000 },
        limits: { headBytes: 4096, headers: 5 },
        retries: { attempts: 6 },
        connections: { max: 7, maxIdle: 8, streams: 9 },
        proxyProtocol: 'v2',
      },
    ],
    lists: { office: ['10.0.0.0/8', '::1/128'] },
    workers: 3,
    admin: { address: { kind: 'tcp', host: 'localhost', port: 9900 } },
    user: 'www-data',
    group: 'web',
    shutdownTimeoutMs: 60_000,
    workerTimeoutMs: 20_000,
    log: {
      level: 'warn',
      file: '/etc/t/app.log',
      access: { format: 'combined', file: '/var/log/access.log' },
    },
  };
  expect(resolveConfig(content, '/etc/t/c.yaml', texts)).toEqual(expected);
});

test('access: true is JSON on standard output', () => {
  const content = configSchema.parse({ listeners: [{ name: 'a', address: ':80' }], log: { access: true } });
  expect(resolveConfig(content, '/c.yaml', new Map()).log.access).toEqual({ format: 'json', file: null });
});
