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
        protocol: 'http',
        address: 'unix:./web.sock',
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
        forwarded: { trust: ['10.0.0.1'], xForwarded: false, forwarded: false, via: false, requestId: false },
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
        scheduler: 'least-connections',
        backends: [{ address: 'unix:/run/a.sock', weight: 0 }],
        timeouts: { connect: '1s', response: '2s', idle: '3s' },
        limits: { head: '4KiB', headers: 5 },
        healthCheck: false,
        retries: { attempts: 6 },
        connections: { max: 7, maxIdle: 8 },
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
  const pages = new Map([
    ['/etc/t/404.html', 'not found'],
    ['/etc/t/5xx.html', 'html error'],
    ['/pages/5xx.json', 'json error'],
    ['/etc/t/any.json', 'any'],
  ]);
  const expected: Config = {
    file: '/etc/t/c.yaml',
    listeners: [
      {
        name: 'web',
        protocol: 'http',
        address: { kind: 'unix', path: '/etc/t/web.sock' },
        addressText: 'unix:./web.sock',
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
        forwarded: {
          trust: ['10.0.0.1/32'],
          xForwarded: false,
          forwarded: false,
          via: false,
          requestId: false,
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
        scheduler: 'least-connections',
        backends: [
          { address: { kind: 'unix', path: '/run/a.sock' }, addressText: 'unix:/run/a.sock', weight: 0 },
        ],
        timeouts: { connectMs: 1000, responseMs: 2000, idleMs: 3000 },
        limits: { headBytes: 4096, headers: 5 },
        retries: { attempts: 6 },
        connections: { max: 7, maxIdle: 8 },
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
  expect(resolveConfig(content, '/etc/t/c.yaml', pages)).toEqual(expected);
});

test('access: true is JSON on standard output', () => {
  const content = configSchema.parse({ listeners: [{ name: 'a', address: ':80' }], log: { access: true } });
  expect(resolveConfig(content, '/c.yaml', new Map()).log.access).toEqual({ format: 'json', file: null });
});
