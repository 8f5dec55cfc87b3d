import { expect, onTestFinished, test } from 'vitest';
import { resolveConfig } from '../../../core/config/resolve.ts';
import { configSchema } from '../../../core/config/schema.ts';
import { HealthLog } from '../../../core/primary/health/health-log.ts';
import { HealthMonitor } from '../../../core/primary/health-monitor.ts';
import type { CheckTarget, ProbeResult } from '../../../core/primary/health/probe.ts';
import type { Config } from '../../../core/shared/config-types.ts';
import type { CheckedBackend } from '../../../core/shared/health-types.ts';
import { poll } from '../../support/poll.ts';
import { recordingLog } from '../../support/recording-log.ts';

function config(upstreams: object): Config {
  const content = configSchema.parse({
    listeners: [{ name: 'web', address: ':80' }],
    upstreams,
    log: { health: false },
  });
  return resolveConfig(content, '/c.yaml', new Map());
}

/** A monitor whose checks end as `results` says, by the address as `host:port`, and what it told workers. */
function start(results: Map<string, ProbeResult>, addresses: Map<string, string[]> = new Map()) {
  const told: CheckedBackend[] = [];
  const checked: CheckTarget[] = [];
  const { log, lines } = recordingLog();
  const monitor = new HealthMonitor({
    log,
    healthLog: new HealthLog('/c.yaml', log),
    identity: null,
    tellAll: (message) => {
      if (message.type === 'backend-health') told.push(...message.backends);
    },
    addressesOf: (name) => addresses.get(name) ?? [],
    withRows: (upstreams) => upstreams,
    startProbe: (target, done) => {
      checked.push(target);
      const { address } = target;
      const key = address.kind === 'unix' ? address.path : `${address.ip ?? address.host}:${address.port}`;
      const result = results.get(key) ?? { ok: true, reason: 'fine' };
      const timer = setImmediate(done, result);
      return {
        timeOut: () => ({ ok: false, reason: 'late' }),
        cancel: () => clearImmediate(timer),
      };
    },
  });
  onTestFinished(() => monitor.close());
  return { monitor, told, checked, lines };
}

const BAD: ProbeResult = { ok: false, reason: 'bad' };
const hourly = { interval: '1h', fastInterval: '1h' };

test('a backend of several upstreams with the same check is checked once, for all of them', async () => {
  const { monitor, told, checked } = start(new Map([['10.0.0.1:80', BAD]]));
  const backends = [{ address: '10.0.0.1:80' }];
  monitor.keep(
    config({
      a: { backends, healthCheck: hourly },
      b: { backends, healthCheck: hourly },
      c: { backends, healthCheck: { ...hourly, type: 'http' } },
      d: { backends, healthCheck: false },
    }),
  );
  await poll(() => told.length === 3);
  expect(checked.map(({ check }) => check.probe.type).toSorted()).toEqual(['http', 'tcp']);
  expect(told.map(({ upstream, health }) => `${upstream} ${health}`).toSorted()).toEqual([
    'a down',
    'b down',
    'c down',
  ]);
  expect(monitor.known()).toHaveLength(3);
  expect(monitor.find('d', '10.0.0.1:80')).toBeUndefined();
});

test('a backend that only stands in for another is not checked', async () => {
  const { monitor, checked } = start(new Map());
  const backends = [{ address: '10.0.0.1:80' }, { address: '10.0.0.2:80', backupFor: '10.0.0.1:80' }];
  monitor.keep(config({ a: { backends, healthCheck: hourly } }));
  await poll(() => checked.length > 0);
  expect(monitor.find('a', '10.0.0.2:80')).toBeUndefined();
});

test('each address of a host name is checked; one that is gone is forgotten', async () => {
  const addresses = new Map([['api.test', ['10.0.0.1', '10.0.0.2']]]);
  const { monitor, told } = start(new Map([['10.0.0.2:80', BAD]]), addresses);
  monitor.keep(config({ a: { backends: [{ address: 'api.test:80' }], healthCheck: hourly } }));
  await poll(() => told.length === 1);
  expect(told).toEqual([
    {
      upstream: 'a',
      backend: 'api.test:80 (10.0.0.2)',
      health: 'down',
      reportedState: 'ready',
      reportedWeight: null,
    },
  ]);
  addresses.set('api.test', ['10.0.0.1', '10.0.0.3']);
  monitor.rowsChanged();
  await poll(() => monitor.find('a', 'api.test:80 (10.0.0.3)')?.isChecked);
  expect(monitor.known()).toEqual([]);
  expect(told.at(-1)).toMatchObject({ backend: 'api.test:80 (10.0.0.2)', health: 'up' });
});

test('a reload keeps what is known, also where the check is another one', async () => {
  const { monitor, told, checked } = start(new Map([['10.0.0.1:80', BAD]]));
  const backends = [{ address: '10.0.0.1:80' }];
  monitor.keep(config({ a: { backends, healthCheck: hourly } }));
  await poll(() => told.length === 1);
  const since = monitor.find('a', '10.0.0.1:80')?.since;
  monitor.keep(config({ a: { backends, healthCheck: { ...hourly, type: 'http' } } }));
  expect(monitor.find('a', '10.0.0.1:80')).toMatchObject({ health: 'down', since });
  await poll(() => checked.length === 2);
  monitor.keep(config({ a: { backends, healthCheck: { ...hourly, type: 'http' } } }));
  monitor.keep(config({ a: { backends, healthCheck: false } }));
  await poll(() => told.at(-1)?.health === 'up');
  expect(monitor.known()).toEqual([]);
  expect(checked).toHaveLength(2);
});

test('a check that cannot be made leaves the backend as it is', async () => {
  const { monitor, told, lines, checked } = start(
    new Map([['10.0.0.1:80', { ok: null, reason: 'no file descriptors' }]]),
  );
  monitor.keep(config({ a: { backends: [{ address: '10.0.0.1:80' }], healthCheck: { interval: '100ms' } } }));
  await poll(() => checked.length > 2);
  expect(monitor.find('a', '10.0.0.1:80')).toMatchObject({ health: 'up', isChecked: false });
  expect(told).toEqual([]);
  expect(lines.map(({ level, message }) => `${level} ${message}`)).toEqual([
    'warn a backend cannot be checked',
  ]);
});

test('what an agent reports is told, and stays until it reports something else', async () => {
  const results = new Map<string, ProbeResult>([
    ['10.0.0.1:80', { ok: true, reason: 'drain', reportedState: 'drain', reportedWeight: 30 }],
  ]);
  const { monitor, told, lines } = start(results);
  monitor.keep(config({ a: { backends: [{ address: '10.0.0.1:80' }], healthCheck: { interval: '100ms' } } }));
  await poll(() => told.length === 1);
  expect(told[0]).toMatchObject({ health: 'up', reportedState: 'drain', reportedWeight: 30 });
  results.set('10.0.0.1:80', { ok: true, reason: 'up' });
  await poll(() => monitor.find('a', '10.0.0.1:80')?.reason === 'up');
  expect(monitor.known()[0]).toMatchObject({ reportedState: 'drain', reportedWeight: 30 });
  results.set('10.0.0.1:80', { ok: true, reason: 'ready', reportedState: 'ready', reportedWeight: null });
  await poll(() => monitor.known().length === 0);
  expect(lines.map(({ message, fields }) => [message, fields['reportedState']])).toEqual([
    ['a backend asks for a state', 'drain'],
    ['a backend asks for a state', 'ready'],
  ]);
});

test('what an agent reports outlives a reload that changes its check, and no other type of check', async () => {
  const { monitor, told, checked } = start(
    new Map([
      ['10.0.0.1:80', { ok: true, reason: 'maint', reportedState: 'maintenance', reportedWeight: 30 }],
    ]),
  );
  const reload = (healthCheck: object): void =>
    monitor.keep(config({ a: { backends: [{ address: '10.0.0.1:80' }], healthCheck } }));
  reload({ ...hourly, type: 'agent' });
  await poll(() => told.length === 1);
  reload({ interval: '2h', fastInterval: '1h', type: 'agent' });
  expect(monitor.known()[0]).toMatchObject({ reportedState: 'maintenance', reportedWeight: 30 });
  await poll(() => checked.length === 2);
  expect(told).toHaveLength(1);

  reload({ ...hourly, type: 'http', weightField: 'weight' });
  expect(monitor.known()[0]).toMatchObject({ reportedState: 'ready', reportedWeight: 30 });
  reload(hourly);
  expect(monitor.known()).toEqual([]);
});

test('checks go on while a backend is down, at the faster pace, and bring it up', async () => {
  const results = new Map([['10.0.0.1:80', BAD]]);
  const { monitor, told, checked } = start(results);
  const healthCheck = { interval: '1h', fastInterval: '50ms', jitter: 0 };
  monitor.keep(config({ a: { backends: [{ address: '10.0.0.1:80' }], healthCheck } }));
  await poll(() => checked.length > 3);
  results.delete('10.0.0.1:80');
  await poll(() => told.at(-1)?.health === 'up');
  expect(told).toHaveLength(2);
});
