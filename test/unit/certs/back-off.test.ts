import { afterEach, expect, test } from 'vitest';
import { IssuerError } from '../../../certs/issuer.ts';
import { configOf, DAY, onDemandOf, orderTerms, PATIENT, TestManager } from './manager-setup.ts';

const MINUTE = 60_000;
const made: TestManager[] = [];

function start(beside?: TestManager): TestManager {
  const one = new TestManager(beside);
  made.push(one);
  return one;
}

afterEach(async () => {
  await Promise.all(made.splice(0).map(({ manager }) => manager.close()));
});

const refused = new IssuerError('challenge', 'not reachable');

test('a crash loop does not order a failing name at every start', async () => {
  let one = start();
  one.issuer().failure = refused;
  for (let crash = 0; crash < 60; crash += 1) {
    await one.use(configOf(['a.test']));
    await one.clock.jump(MINUTE);
    await one.manager.close();
    one = start(one);
  }
  expect(one.issuer().requests.length).toBeGreaterThanOrEqual(5);
  expect(one.issuer().requests.length).toBeLessThanOrEqual(7);
});

test('a restart keeps what went wrong and how long the CA wants to be left alone', async () => {
  const one = start();
  one.issuer().failure = new IssuerError('rate-limited', 'too many', { retryAfterMs: 3 * 3_600_000 });
  await one.use(configOf(['a.test']));
  await expect.poll(() => one.issuer().requests.length, PATIENT).toBe(1);
  await one.manager.close();
  const other = start(one);
  await other.use(configOf(['a.test']));
  expect(other.manager.status()).toMatchObject([{ lastError: { message: 'too many' } }]);
  await other.clock.advance(2 * 3_600_000);
  expect(one.issuer().requests).toHaveLength(1);
  one.issuer().failure = null;
  await other.clock.advance(3_600_000 + MINUTE);
  await expect.poll(() => other.served('a.test'), PATIENT).not.toBe(null);
  await expect
    .poll(() => [...one.storage.entries.keys()].filter((key) => key.startsWith('failures/')), PATIENT)
    .toEqual([]);
});

test('after a restart with other terms the name is tried at once', async () => {
  const one = start();
  one.issuer().failure = new IssuerError('rate-limited', 'too many', { retryAfterMs: 3 * 3_600_000 });
  await one.use(configOf(['a.test']));
  await expect.poll(() => one.issuer().requests.length, PATIENT).toBe(1);
  await one.manager.close();
  const other = start(one);
  await other.use(configOf([{ names: ['a.test'], order: orderTerms({ challenges: ['tls-alpn-01'] }) }]));
  await expect.poll(() => one.issuer().requests.length, PATIENT).toBe(2);
});

test('a clock that ran years ahead while an order failed keeps no name waiting when it is set right', async () => {
  const one = start();
  const ahead = 4 * 365 * DAY;
  await one.clock.jump(ahead);
  one.issuer().failure = new IssuerError('unreachable', 'its certificate has expired');
  await one.use(configOf(['a.test'], { onDemand: onDemandOf() }));
  await expect.poll(() => one.issuer().requests.length, PATIENT).toBe(1);
  expect((await one.manager.onDemand('b.test', false)).kind).toBe('none');
  one.issuer().failure = null;
  await one.clock.setBack(ahead);
  await one.clock.advance(MINUTE);
  await expect.poll(() => one.served('a.test'), PATIENT).not.toBe(null);
  expect((await one.manager.onDemand('b.test', false)).kind).toBe('found');
});

test('a CA that wants every certificate to be renewed at once gets no more orders from a crash loop', async () => {
  let one = start();
  for (let crash = 0; crash < 10; crash += 1) {
    one.issuer().info = {
      start: new Date(one.clock.now() - DAY),
      end: new Date(one.clock.now() - DAY / 2),
      explanationUrl: null,
      retryAfterMs: MINUTE,
    };
    await one.use(configOf(['a.test']));
    await expect.poll(() => one.served('a.test'), PATIENT).not.toBe(null);
    await one.clock.jump(MINUTE);
    await one.manager.close();
    one = start(one);
  }
  expect(one.issuer().requests.length).toBe(1);
});

test('on demand: a name that is allowed and fails is not ordered more often than any other, however many handshakes ask', async () => {
  const one = start();
  await one.use(configOf([], { onDemand: onDemandOf({ negativeCacheMs: 1000 }) }));
  one.issuer().failure = refused;
  for (let second = 0; second < 600; second += 10) {
    expect((await one.manager.onDemand('a.test', false)).kind).toBe('none');
    await one.clock.jump(10_000);
  }
  expect(one.issuer().requests.length).toBeLessThanOrEqual(4);
});

test('on demand: the Retry-After of the CA is kept, also by names that failed and were forgotten', async () => {
  const one = start();
  await one.use(configOf([], { onDemand: onDemandOf({ negativeCacheMs: 1000 }) }));
  one.issuer().failure = new IssuerError('rate-limited', 'too many', { retryAfterMs: 3_600_000 });
  expect((await one.manager.onDemand('a.test', false)).kind).toBe('none');
  one.issuer().failure = null;
  await one.clock.jump(3_500_000);
  expect((await one.manager.onDemand('a.test', false)).kind).toBe('none');
  await one.clock.jump(101_000);
  expect((await one.manager.onDemand('a.test', false)).kind).toBe('found');
});
