import { expect, test } from 'vitest';
import { ConnectionCounters } from '../../../core/layer4/connection-counters.ts';
import type { ConnectionEntry } from '../../../core/layer4/connection-entry.ts';
import {
  countConnection,
  finishConnection,
  type FinishingConnection,
  type FinishingService,
} from '../../../core/layer4/finish-connection.ts';
import { ProxyError } from '../../../core/shared/errors.ts';
import type { LogDecision } from '../../../core/shared/rule-script.ts';
import { TokenBucket } from '../../../core/shared/token-bucket.ts';
import { recordingLog } from '../../support/recording-log.ts';

function service(log?: (entry: string) => LogDecision) {
  const entries: ConnectionEntry[] = [];
  const { log: recording, lines } = recordingLog();
  const used = { now: 0 };
  const handles = {
    connect: false,
    request: false,
    response: false,
    log: true,
    pick: false,
    certificate: false,
  };
  const made: FinishingService = {
    config: { name: 'db', protocol: 'tcp' },
    rules: log === undefined ? null : { handles, log },
    counters: new ConnectionCounters(),
    usage: { enter: () => (used.now += 1), leave: () => (used.now -= 1) },
    accessLog: { write: (entry) => entries.push(entry) },
    log: recording,
    loggedFailures: null,
  };
  return { service: made, entries, lines, used };
}

function connection(
  ofService: FinishingService,
  more: Partial<FinishingConnection> = {},
): FinishingConnection {
  return {
    service: ofService,
    clientAddress: '192.0.2.1',
    clientPort: 50123,
    serverName: 'db.example.com',
    upstream: { name: 'main' },
    lastBackend: { addressText: '10.0.0.5:5432' },
    attempts: 2,
    decision: { kind: 'forward', upstream: 'main' },
    error: null,
    bytesFromClient: 100,
    bytesFromBackend: 2000,
    datagramsFromClient: null,
    datagramsFromBackend: null,
    startMs: performance.now() - 500,
    ruleMs: 0.25,
    queueMs: 20,
    placedMs: 1000,
    connectedMs: 1025.5,
    ...more,
  };
}

test('a connection that has ended is told once, and taken back from the counters', () => {
  const { service: db, entries, used } = service();
  const one = connection(db);
  countConnection(one);
  expect(db.counters).toMatchObject({ open: 1, accepted: 1 });
  expect(db.counters.traffic()).toMatchObject({ bytesFromClients: 100, bytesFromBackends: 2000 });
  expect(used.now).toBe(1);
  finishConnection(one, 'closed');
  expect(db.counters).toMatchObject({ open: 0, accepted: 1, denied: 0 });
  expect(db.counters.traffic()).toMatchObject({ bytesFromClients: 100, bytesFromBackends: 2000 });
  expect(used.now).toBe(0);
  expect(entries).toHaveLength(1);
  const { time, timings, ...entry } = entries[0] ?? {};
  expect(Math.abs(Date.now() - 500 - Date.parse(time ?? ''))).toBeLessThan(200);
  expect(timings).toEqual({ total: expect.any(Number), rule: 0.25, queue: 20, connect: 5.5 });
  expect(entry).toEqual({
    listener: 'db',
    protocol: 'tcp',
    client: '192.0.2.1',
    clientPort: 50123,
    serverName: 'db.example.com',
    upstream: 'main',
    backend: '10.0.0.5:5432',
    attempts: 2,
    decision: 'forward main',
    bytesFromClient: 100,
    bytesFromBackend: 2000,
    datagramsFromClient: null,
    datagramsFromBackend: null,
    end: 'closed',
    error: null,
    errorDetail: null,
    fields: null,
  });
});

test('one that got nowhere has no backend and no times', () => {
  const { service: db, entries } = service();
  const one = connection(db, {
    upstream: null,
    lastBackend: null,
    attempts: 0,
    decision: { kind: 'deny' },
    ruleMs: null,
    queueMs: null,
    placedMs: 0,
    connectedMs: 0,
  });
  countConnection(one);
  finishConnection(one, 'denied');
  expect(db.counters.denied).toBe(1);
  expect(entries).toMatchObject([
    {
      upstream: null,
      backend: null,
      decision: 'deny',
      end: 'denied',
      timings: { rule: null, queue: null, connect: null },
    },
  ]);
});

test.each<[string, (entry: string) => LogDecision, readonly object[]]>([
  ['drops an entry', () => false, []],
  ['keeps it as it is', () => true, [{ end: 'idle', fields: null }]],
  [
    'adds to it what it makes of it',
    (entry) => ({ end: String(JSON.parse(entry).end) }),
    [{ end: 'idle', fields: { end: 'idle' } }],
  ],
])('the `log` handler %s', (_, log, expected) => {
  const { service: db, entries } = service(log);
  const one = connection(db);
  countConnection(one);
  finishConnection(one, 'idle');
  expect(entries).toMatchObject(expected);
  expect(entries).toHaveLength(expected.length);
});

test('a failure is in the application log, what the client did is not', () => {
  const { service: db, lines, entries } = service();
  for (const source of ['backend', 'client'] as const) {
    const one = connection(db, { error: new ProxyError('connect-failed', source, 'refused') });
    countConnection(one);
    finishConnection(one, 'failed');
  }
  expect(lines).toEqual([
    {
      level: 'warn',
      message: 'refused',
      fields: { error: 'connect-failed', listener: 'db', client: '192.0.2.1', backend: '10.0.0.5:5432' },
    },
  ]);
  expect(entries).toMatchObject([
    { end: 'failed', error: 'connect-failed', errorDetail: 'refused' },
    { error: 'connect-failed' },
  ]);
});

test('a flood of failures is thinned out in the application log', () => {
  const { service: db, lines } = service();
  const thin = { ...db, loggedFailures: new TokenBucket(1) };
  for (let each = 0; each < 5; each++) {
    const one = connection(thin, { error: new ProxyError('no-backend', 'proxy', 'all down') });
    countConnection(one);
    finishConnection(one, 'failed');
  }
  expect(lines).toHaveLength(1);
});
