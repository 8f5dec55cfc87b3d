import { stat } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, onTestFinished, test } from 'vitest';
import { CheckRunner, type RecurringCheck } from '../../../core/primary/health/check-runner.ts';
import type { CheckTarget, ProbeResult } from '../../../core/primary/health/probe.ts';
import type { ProbeConfig } from '../../../core/shared/health-types.ts';
import { poll } from '../../support/poll.ts';

function targetOf(probe: ProbeConfig, timeoutMs = 60_000): CheckTarget {
  return {
    check: {
      probe,
      timeoutMs,
      intervalMs: 1000,
      jitter: 0,
      fastIntervalMs: 1000,
      rise: 1,
      fall: 1,
      port: null,
      sourceAddress: null,
    },
    address: { kind: 'tcp', host: '10.0.0.1', port: 80 },
    tls: null,
    preface: '',
    upstream: 'a',
    backend: 'b',
  };
}

const TCP: ProbeConfig = { type: 'tcp', send: '', expect: null };

function checkOf(target: CheckTarget, results: ProbeResult[] = [], nextMs = 3_600_000): RecurringCheck {
  return {
    target,
    isUnsettled: false,
    onResult: (result) => {
      results.push(result);
      return nextMs;
    },
  };
}

/** Probes that end when they are told to. */
function start() {
  const running: { end: () => void }[] = [];
  let cancelled = 0;
  const runner = new CheckRunner((_, done) => {
    const probe = { end: () => done({ ok: true, reason: 'ended' }) };
    running.push(probe);
    return {
      timeOut: () => ({ ok: false, reason: 'late' }),
      cancel: () => {
        cancelled += 1;
      },
    };
  }, null);
  onTestFinished(() => runner.close());
  return { runner, running, cancelled: () => cancelled };
}

test('no more than 2,000 run at a time; the others follow as these end', async () => {
  const { runner, running } = start();
  for (let i = 0; i < 2100; i++) runner.add(checkOf(targetOf(TCP)), 0);
  await poll(() => running.length === 2000);
  for (const { end } of running.slice(0, 50)) end();
  await poll(() => running.length === 2050);
  for (const { end } of running.slice(50)) end();
  await poll(() => running.length === 2100);
});

test('no more than 16 commands run at a time, and they hold up nothing else', async () => {
  const { runner, running } = start();
  for (let i = 0; i < 20; i++) runner.add(checkOf(targetOf({ type: 'command', command: ['x'] })), 0);
  await poll(() => running.length === 16);
  runner.add(checkOf(targetOf(TCP)), 0);
  await poll(() => running.length === 17);
  running[0]?.end();
  await poll(() => running.length === 18);
});

test('one that takes too long is ended', async () => {
  const { runner } = start();
  const results: ProbeResult[] = [];
  runner.add(checkOf(targetOf(TCP, 20), results), 0);
  await poll(() => results.length === 1);
  expect(results).toEqual([{ ok: false, reason: 'late' }]);
});

test('an answer that came while the process was busy is in time', async () => {
  const results: ProbeResult[] = [];
  const runner = new CheckRunner((_, done) => {
    // Behind the phase of the event loop in which it reads, so that the time limit is the next to be looked at.
    setImmediate(() => {
      // It comes from outside of the event loop, like what a socket receives.
      stat('/', () => done({ ok: true, reason: 'read' }));
      const end = performance.now() + 60;
      while (performance.now() < end);
    });
    return { timeOut: () => ({ ok: false, reason: 'late' }), cancel: () => undefined };
  }, null);
  onTestFinished(() => runner.close());
  runner.add(checkOf(targetOf(TCP, 20), results), 0);
  await poll(() => results.length === 1);
  expect(results).toEqual([{ ok: true, reason: 'read' }]);
});

test('nothing comes of one that is removed', async () => {
  const { runner, running, cancelled } = start();
  const results: ProbeResult[] = [];
  const [one, two] = [checkOf(targetOf(TCP), results), checkOf(targetOf(TCP), results)];
  runner.add(one, 0);
  runner.add(two, 3_600_000);
  await poll(() => running.length === 1);
  runner.remove(one);
  runner.remove(two);
  expect(cancelled()).toBe(1);
  running[0]?.end();
  expect(results).toEqual([]);
});

test('checks that come and go are forgotten long before their time would come', async () => {
  const { runner, running } = start();
  const forgotten: string[] = [];
  const registry = new FinalizationRegistry<string>((name) => void forgotten.push(name));
  const comeAndGo = (): void => {
    for (let i = 0; i < 5000; i++) {
      const check = checkOf(targetOf(TCP));
      registry.register(check, String(i));
      runner.add(check, 3_600_000);
      runner.remove(check);
    }
  };
  comeAndGo();
  runner.add(checkOf(targetOf(TCP)), 0);
  await poll(() => running.length === 1);
  setFlagsFromString('--expose-gc');
  await poll(() => {
    runInNewContext('gc()');
    return forgotten.length >= 3000;
  });
});

test('one that cannot be begun says nothing of the backend', async () => {
  const runner = new CheckRunner(() => {
    throw new Error('no such thing');
  }, null);
  onTestFinished(() => runner.close());
  const results: ProbeResult[] = [];
  runner.add(checkOf(targetOf(TCP), results), 0);
  await poll(() => results.length === 1);
  expect(results).toEqual([{ ok: null, reason: 'cannot be checked: no such thing' }]);
});
