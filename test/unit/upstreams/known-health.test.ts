import { expect, test } from 'vitest';
import type { BackendHealth } from '../../../core/shared/health-types.ts';
import { UpstreamRegistry } from '../../../core/upstreams/registry.ts';
import type { Upstream } from '../../../core/upstreams/upstream.ts';
import { upstreamConfig } from './support.ts';

const passiveHealth = {
  failures: 1,
  errorRatio: 1,
  minRequests: 1000,
  windowMs: 1000,
  ejectionMs: 1000,
  maxEjectionMs: 1000,
  maxEjected: 0.5,
};

function found(backend: string, health: Partial<BackendHealth>) {
  return {
    upstream: 'site',
    backend,
    health: 'up',
    reportedState: 'ready',
    reportedWeight: null,
    ...health,
  } as const;
}

function candidatesOf(upstreams: ReadonlyMap<string, Upstream>): string[] {
  return upstreams.get('site')?.candidates().map(({ addressText }) => addressText) ?? []; // prettier-ignore
}

function start(weights: readonly number[] = [1, 1, 1]) {
  const config = { ...upstreamConfig('site', weights), passiveHealth };
  const registry = new UpstreamRegistry();
  const live = registry.prepare([config]);
  registry.commit(live);
  return { registry, live, config };
}

test('what is down, or asks for a rest, gets no requests', () => {
  const { registry, live } = start();
  registry.setHealth([found('b0', { health: 'down' }), found('b1', { reportedState: 'drain' })]);
  expect(candidatesOf(live)).toEqual(['b2']);
  registry.setHealth([found('b0', {}), found('b1', { reportedState: 'maintenance' })]);
  expect(candidatesOf(live)).toEqual(['b0', 'b2']);
  registry.setHealth([found('b1', { reportedWeight: 7 })]);
  expect(candidatesOf(live)).toEqual(['b0', 'b1', 'b2']);
  expect(live.get('site')?.backends[1]?.runtime.checkedWeight).toBe(7);
});

test('a snapshot that is being prepared hears of it, and one to come knows it', () => {
  const { registry, config } = start();
  const wider = { ...config, backends: upstreamConfig('site', [1, 1, 1, 1]).backends };
  const prepared = registry.prepare([wider]);
  registry.setHealth([found('b3', { health: 'down' })], prepared);
  expect(candidatesOf(prepared)).toEqual(['b0', 'b1', 'b2']);
  // Prepared anew, since that one was rolled back.
  expect(candidatesOf(registry.prepare([wider]))).toEqual(['b0', 'b1', 'b2']);
});

test('a worker knows it before its first snapshot, and forgets what is assumed anyway', () => {
  const registry = new UpstreamRegistry();
  registry.setHealth([found('b1', { health: 'down' })]);
  expect(candidatesOf(registry.prepare([upstreamConfig('site', [1, 1])]))).toEqual(['b0']);
  registry.setHealth([found('b1', {})]);
  expect(candidatesOf(registry.prepare([upstreamConfig('site', [1, 1])]))).toEqual(['b0', 'b1']);
});

test('a check that brings a backend up ends its ejection', () => {
  const { registry, live } = start();
  const runtime = live.get('site')?.backends[0]?.runtime;
  if (runtime === undefined) throw new Error('no backend');
  runtime.passive.onFailure('reset', passiveHealth, 0);
  runtime.ejected = runtime.passive.isOut;
  expect(candidatesOf(live)).toEqual(['b1', 'b2']);
  // A check that was good all the time is no news.
  registry.setHealth([found('b0', { reportedWeight: 1 })]);
  expect(candidatesOf(live)).toEqual(['b1', 'b2']);
  registry.setHealth([found('b0', { health: 'down' })]);
  registry.setHealth([found('b0', {})]);
  expect(candidatesOf(live)).toEqual(['b0', 'b1', 'b2']);
});

test('all are used when all are ejected', () => {
  const { live } = start([1, 1]);
  for (const { runtime } of live.get('site')?.backends ?? []) runtime.ejected = true;
  expect(candidatesOf(live)).toEqual(['b0', 'b1']);
});
