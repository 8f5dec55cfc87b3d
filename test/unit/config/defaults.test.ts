import { availableParallelism } from 'node:os';
import { expect, test } from 'vitest';
import { resolveConfig } from '../../../core/config/resolve.ts';
import { configSchema } from '../../../core/config/schema.ts';
import type { Config } from '../../../core/shared/config-types.ts';

test('the least config gets every default', () => {
  const content = configSchema.parse({
    listeners: [{ name: 'web', address: ':8080', rules: './rules.ts', upstream: 'site' }],
    upstreams: { site: { backends: [{ address: '127.0.0.1:9001' }] } },
  });
  const expected: Config = {
    file: '/etc/tidegate/tidegate.config.yaml',
    listeners: [
      {
        name: 'web',
        protocol: 'http',
        address: { kind: 'tcp', host: '::', port: 8080 },
        addressText: ':8080',
        tls: null,
        rules: {
          script: '/etc/tidegate/rules.ts',
          timeLimitMs: 10,
          memoryLimitBytes: 33_554_432,
          onError: 'deny',
        },
        routes: [],
        upstream: 'site',
        timeouts: { headerMs: 10_000, bodyMs: 30_000, idleMs: 60_000, writeMs: 60_000 },
        webSocket: { idleMs: 3_600_000, pingMs: null, connections: null, drainTimeoutMs: 10_000 },
        limits: {
          headBytes: 32_768,
          headers: 100,
          targetBytes: 8192,
          bodyBytes: null,
          connections: 20_000,
          connectionsPerClient: null,
        },
        http2: null,
        forwarded: {
          trust: [],
          xForwarded: true,
          forwarded: true,
          via: true,
          requestId: true,
          clientCertificate: false,
        },
        errorPages: [],
        proxyProtocol: null,
        redirectToHttps: null,
        hsts: null,
      },
    ],
    upstreams: [
      {
        name: 'site',
        scheduler: {
          type: 'round-robin',
          key: null,
          subKey: false,
          bounded: null,
          table: 65_537,
          ranges: [],
          header: null,
        },
        backends: [
          {
            address: { kind: 'tcp', host: '127.0.0.1', port: 9001 },
            addressText: '127.0.0.1:9001',
            weight: 1,
            state: 'ready',
            priority: 0,
            backupFor: null,
          },
        ],
        nested: [],
        minAvailable: 1,
        slowStartMs: null,
        resolveIntervalMs: null,
        timeouts: { connectMs: 5000, responseMs: 60_000, idleMs: 60_000 },
        protocol: 'http1',
        tls: null,
        limits: { headBytes: 65_536, headers: 200 },
        healthCheck: {
          probe: { type: 'tcp', send: '', expect: null },
          intervalMs: 5000,
          jitter: 0.1,
          timeoutMs: 2000,
          fastIntervalMs: 1000,
          rise: 2,
          fall: 2,
          port: null,
          sourceAddress: null,
        },
        passiveHealth: {
          failures: 3,
          errorRatio: 0.5,
          minRequests: 20,
          windowMs: 10_000,
          ejectionMs: 5000,
          maxEjectionMs: 300_000,
          maxEjected: 0.5,
        },
        retries: {
          attempts: 2,
          on: ['connect-failure', 'reset', 'timeout', 'refused-stream'],
          statuses: [],
          budget: { share: 0.2, minPerSecond: 10 },
          bodyBytes: 65_536,
          hedge: null,
        },
        circuitBreaker: null,
        fallback: null,
        connections: {
          max: null,
          maxIdle: 256,
          streams: 100,
          warmUp: 0,
          maxAgeMs: null,
          maxRequests: null,
        },
        proxyProtocol: null,
      },
    ],
    lists: {},
    workers: availableParallelism(),
    admin: null,
    user: null,
    group: null,
    shutdownTimeoutMs: 30_000,
    workerTimeoutMs: 10_000,
    log: { level: 'info', file: null, access: null },
    healthLog: { folder: null, checks: false, keepMs: 259_200_000 },
  };
  expect(resolveConfig(content, '/etc/tidegate/tidegate.config.yaml', new Map())).toEqual(expected);
});
