import { expect, test } from 'vitest';
import { AcmeRateLimits, concernsAllOrders } from '../../../certs/acme-rate-limits.ts';
import { errorOfAnswer, problemPrefix } from '../../../certs/acme-problem.ts';
import { IssuerError } from '../../../certs/issuer.ts';
import { CA, configOf, DAY, orderTerms, OTHER_CA, PATIENT, TestManager } from './manager-setup.ts';

const MINUTE = 60_000;

function limited(detail: string, retryAfterMs: number | null = 60 * MINUTE): IssuerError {
  return errorOfAnswer(429, JSON.stringify({ type: `${problemPrefix}rateLimited`, detail }), retryAfterMs);
}

const retry =
  'in the last 3h0m0s, retry after 2026-11-21 12:00:00 UTC: see https://letsencrypt.org/docs/rate-limits';

test.each([
  // As Boulder words them, now and before.
  [`too many new orders (300) from this account ${retry}/#new-orders-per-account`, true],
  [
    'Error creating new order :: too many new orders recently: see https://letsencrypt.org/docs/rate-limits/',
    true,
  ],
  [`too many new registrations (10) from this IP address ${retry}/#new-registrations-per-ip-address`, true],
  ['Service busy; retry later.', true],
  [
    `too many certificates (50) already issued for "example.org" ${retry}/#new-certificates-per-registered-domain`,
    false,
  ],
  [
    `too many certificates (5) already issued for this exact set of identifiers ${retry}/#new-certificates-per-exact-set-of-identifiers`,
    false,
  ],
  [
    'Error creating new order :: too many certificates already issued for exact set of domains: www.example.org',
    false,
  ],
  [
    `too many failed authorizations (5) for "www.example.org" ${retry}/#authorization-failures-per-identifier-per-account`,
    false,
  ],
  // Of others.
  ['too many requests', true],
  ['too many requests for example.org', false],
  ['too many requests for WWW.EXAMPLE.ORG', false],
  ['this account may not have more certificates for its domains', false],
  ['slow down', false],
  ['', false],
])('%j concerns all orders: %s', (detail, expected) => {
  expect(concernsAllOrders(limited(detail), ['www.example.org', '*.example.org'])).toBe(expected);
});

test('a 429 that is no answer of ACME concerns all; other errors concern nobody else', () => {
  expect(concernsAllOrders(errorOfAnswer(429, 'slow down', null), ['a.test'])).toBe(true);
  expect(concernsAllOrders(errorOfAnswer(503, 'too many requests', 1000), ['a.test'])).toBe(false);
  expect(concernsAllOrders(new IssuerError('rejected', 'too many new orders', { type: 'x' }), [])).toBe(
    false,
  );
});

function setup() {
  let now = 1_000_000;
  const limits = new AcmeRateLimits(() => now);
  const asked: string[] = [];
  const order = (name: string, error: IssuerError | null, { isRenewal = false, hasAccount = true } = {}) =>
    limits
      .run({ names: [name], isRenewal }, async (opened) => {
        asked.push(name);
        if (hasAccount) opened();
        if (error !== null) throw error;
        return 'done';
      })
      .catch((reason: IssuerError) =>
        reason.isHeldBack ? `held for ${reason.retryAfterMs} ms` : reason.kind,
      );
  return { order, asked, limits, pass: (ms: number) => (now += ms) };
}

test('what one order heard of a limit of the account, the others do not ask for', async () => {
  const { order, asked, pass } = setup();
  expect(await order('a.test', limited('too many new orders'))).toBe('rate-limited');
  pass(MINUTE);
  expect(await order('b.test', null)).toBe(`held for ${59 * MINUTE} ms`);
  pass(59 * MINUTE);
  expect(await order('c.test', null)).toBe('done');
  expect(await order('b.test', null)).toBe('done');
  expect(asked).toEqual(['a.test', 'c.test', 'b.test']);
});

test('a limit of some names holds nobody else up', async () => {
  const { order } = setup();
  await order('a.test', limited('too many certificates (50) already issued for "a.test"'));
  expect(await order('b.test', null)).toBe('done');
});

test('after a limit one order goes first, and the others wait for what it is told', async () => {
  const { order, limits, pass } = setup();
  await order('a.test', limited('too many new orders', 10 * MINUTE));
  pass(10 * MINUTE);
  const trial = Promise.withResolvers<string>();
  const first = limits.run({ names: ['a.test'], isRenewal: false }, () => trial.promise);
  expect(await order('b.test', null)).toBe(`held for ${MINUTE} ms`);
  pass(1);
  trial.resolve('done');
  expect(await first).toBe('done');
  expect(await order('b.test', null)).toBe('done');
});

test('an order from before the limit that ends well does not lift it', async () => {
  const { order, limits, pass } = setup();
  const early = Promise.withResolvers<string>();
  const first = limits.run({ names: ['a.test'], isRenewal: false }, () => early.promise);
  pass(1);
  await order('b.test', limited('too many new orders'));
  early.resolve('done');
  await first;
  expect(await order('c.test', null)).toContain('held');
});

test('renewals that the CA knows as such go on until one of them meets the limit', async () => {
  const { order } = setup();
  const renewal = { isRenewal: true };
  await order('a.test', limited('too many new orders'));
  expect(await order('b.test', null, renewal)).toBe('done');
  expect(await order('c.test', limited('too many new orders'), renewal)).toBe('rate-limited');
  expect(await order('d.test', null, renewal)).toContain('held');
});

test('who gets no account holds up all, whatever the CA calls it', async () => {
  const { order } = setup();
  await order('a.test', limited('no', null), { hasAccount: false });
  expect(await order('b.test', null)).toBe(`held for ${5 * MINUTE} ms`);
  expect(await order('c.test', null, { isRenewal: true })).toContain('held');
});

test('nobody waits for longer than a day for what another one heard', async () => {
  const { order } = setup();
  await order('a.test', limited('too many new orders', 7 * DAY));
  expect(await order('b.test', null)).toBe(`held for ${DAY} ms`);
});

const NAMES = Array.from({ length: 20 }, (_, at) => `n${at}.test`);

/** A CA that takes no orders until then. */
function limitUntil({ issuers, clock }: TestManager, until: number): { asked: number } {
  const issuer = issuers.get(CA);
  const limits = new AcmeRateLimits(clock.now);
  const count = { asked: 0 };
  const usual = new TestManager(undefined, until).issuer();
  if (issuer !== undefined)
    issuer.issue = (request) =>
      limits.run({ names: request.names, isRenewal: false }, async (opened) => {
        opened();
        count.asked += 1;
        const leftMs = until - clock.now();
        if (leftMs > 0) throw limited('too many new orders', leftMs);
        return usual.obtain(request, new AbortController().signal);
      });
  return count;
}

test(
  'twenty names under a limit: eight ask at most, and all have their certificates soon after it',
  PATIENT,
  async () => {
    const one = new TestManager();
    const count = limitUntil(one, one.clock.now() + 60 * MINUTE);
    await one.use(configOf(NAMES));
    const unserved = (): string[] => NAMES.filter((name) => one.served(name) === null);
    await expect.poll(() => one.logged('no certificate could be obtained').length).toBe(NAMES.length);
    for (let passed = 0; passed < 59; passed += 10) await one.clock.jump(9 * MINUTE);
    expect(count.asked).toBeLessThanOrEqual(8);
    expect(unserved()).toEqual(NAMES);
    for (let passed = 0; passed < 20; passed += 1) await one.clock.jump(MINUTE);
    await expect.poll(unserved).toEqual([]);
    expect(count.asked).toBeLessThanOrEqual(8 + NAMES.length);
  },
);

test('meanwhile another CA is asked, where there is one', PATIENT, async () => {
  const one = new TestManager();
  const count = limitUntil(one, one.clock.now() + 60 * MINUTE);
  await one.use(configOf(NAMES.map((name) => ({ names: [name], order: orderTerms({}, [CA, OTHER_CA]) }))));
  await expect.poll(() => NAMES.filter((name) => one.served(name) === null)).toEqual([]);
  expect(count.asked).toBeLessThanOrEqual(8);
  expect(one.issuer(OTHER_CA).requests).toHaveLength(NAMES.length);
});
