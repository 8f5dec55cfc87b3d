import { createServer } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { IssuerError } from '../../../certs/issuer.ts';
import type { OnDemandAnswer } from '../../../certs/on-demand.ts';
import type { OnDemandConfig } from '../../../core/shared/certificates-config.ts';
import { listenForTest } from '../../support/listen.ts';
import { configOf, DAY, onDemandOf, orderTerms, OTHER_CA, PATIENT, TestManager } from './manager-setup.ts';

const made: TestManager[] = [];

afterEach(async () => {
  await Promise.all(made.splice(0).map(({ manager }) => manager.close()));
});

async function start(changes: Partial<OnDemandConfig> = {}, beside?: TestManager): Promise<TestManager> {
  const one = new TestManager(beside);
  made.push(one);
  await one.use(configOf([], { onDemand: onDemandOf(changes) }));
  return one;
}

async function ask(one: TestManager, name: string, allowed = false): Promise<OnDemandAnswer['kind']> {
  return (await one.manager.onDemand(name, allowed)).kind;
}

test('50 names with 20 handshakes each: 50 orders, and no more at a time than allowed', async () => {
  const one = await start({ concurrency: 10 });
  const names = Array.from({ length: 50 }, (_, at) => `n${at}.test`);
  const answers = await Promise.all(
    names.flatMap((name) => Array.from({ length: 20 }, () => ask(one, name))),
  );
  expect(new Set(answers)).toEqual(new Set(['found']));
  const ordered = one.issuer().requests.flatMap(({ names: each }) => each);
  expect(ordered.toSorted((a, b) => a.localeCompare(b))).toEqual(
    names.toSorted((a, b) => a.localeCompare(b)),
  );
  expect(one.issuer().mostRunning).toBe(10);
  expect(one.manager.status()).toHaveLength(50);
  expect(await ask(one, 'N1.Test.')).toBe('found');
});

test.each([
  'a.other',
  'test',
  'a.b.test',
  '*.test',
  '127.0.0.1',
  '',
  'a_b.test',
  `${'a'.repeat(64)}.test`,
  '..',
  '../x.test',
])('no certificate for %j', async (name) => {
  const one = await start();
  expect(await ask(one, name)).toBe('none');
  expect(one.issuer().requests).toEqual([]);
  expect(one.storage.entries.size).toBe(0);
});

test('a name that failed is not tried again for a while', async () => {
  const one = await start();
  one.issuer().failure = new IssuerError('challenge', 'not reachable');
  expect(await ask(one, 'a.test')).toBe('none');
  expect(await ask(one, 'a.test')).toBe('none');
  await one.clock.jump(59_000);
  expect(await ask(one, 'a.test')).toBe('none');
  expect(one.issuer().requests).toHaveLength(1);
  expect(one.manager.status()).toEqual([]);
  one.issuer().failure = null;
  // The first back-off is longer than its negativeCache.
  await one.clock.jump(2 * 60_000);
  expect(await ask(one, 'a.test')).toBe('found');
});

test('no more orders than the rate allows, and the log says so once', async () => {
  const one = await start({ rate: { orders: 3, perMs: 600_000 } });
  const answers: string[] = [];
  for (let at = 0; at < 5; at += 1) answers.push(await ask(one, `n${at}.test`));
  expect(answers).toEqual(['found', 'found', 'found', 'none', 'none']);
  expect(one.logged('a name got no certificate because of a limit')).toHaveLength(1);
  await one.clock.jump(600_001);
  expect(await ask(one, 'n4.test')).toBe('found');
});

test('no more names than allowed', async () => {
  const one = await start({ maxNames: 2 });
  expect([await ask(one, 'a.test'), await ask(one, 'b.test'), await ask(one, 'c.test')]).toEqual([
    'found',
    'found',
    'none',
  ]);
  expect(one.issuer().requests).toHaveLength(2);
});

test(
  'a name that nobody uses is not renewed for ever, and makes room for another when it has expired',
  PATIENT,
  async () => {
    const one = await start({ maxNames: 2 });
    expect([await ask(one, 'used.test'), await ask(one, 'idle.test')]).toEqual(['found', 'found']);
    const orders = (name: string): number =>
      one.issuer().requests.filter(({ names }) => names.includes(name)).length;
    // Certificates of thirty days: each day one client comes to the one, and somebody tries another name.
    const answers: string[] = [];
    for (let day = 1; day <= 75; day += 1) {
      await one.clock.jump(DAY);
      await expect.poll(() => one.manager.status().some(({ isOrdering }) => isOrdering)).toBe(false);
      expect(await ask(one, 'used.test')).toBe('found');
      answers.push(await ask(one, 'new.test'));
      if (answers.at(-1) === 'found') break;
    }
    // Renewed when nobody could know yet, and then left to expire: nothing goes that serves.
    expect(orders('idle.test')).toBe(2);
    expect(orders('used.test')).toBeGreaterThan(2);
    expect(answers.length).toBeGreaterThan(45);
    expect(answers.at(-1)).toBe('found');
    expect(one.manager.status().map(({ names: [name] }) => name)).toEqual(['used.test', 'new.test']);
  },
);

test('a name that was left to expire is renewed again when somebody comes', PATIENT, async () => {
  const one = await start({ maxNames: 2 });
  await ask(one, 'idle.test');
  for (let day = 1; day <= 38; day += 1) {
    await one.clock.jump(DAY);
    if (day > 30) await ask(one, `n${day}.test`);
  }
  expect(await ask(one, 'idle.test')).toBe('found');
  const before = one.issuer().requests.length;
  await one.clock.jump(3 * DAY);
  await expect.poll(() => one.issuer().requests.length).toBeGreaterThan(before);
});

test('what was obtained before is in the storage, and neither asked about nor ordered', async () => {
  const before = await start();
  await ask(before, 'a.test');
  await before.manager.close();
  const one = await start({ ask: { kind: 'rule' } }, before);
  expect(await ask(one, 'a.test')).toBe('found');
  expect(one.issuer().requests).toHaveLength(1);
});

test('a name taken off the list is served no longer', async () => {
  const before = await start();
  await ask(before, 'a.test');
  const { manager } = before;
  await before.use(configOf([], { onDemand: onDemandOf({ ask: { kind: 'names', names: ['b.test'] } }) }));
  expect((await manager.onDemand('a.test', false)).kind).toBe('none');
});

test('the rule is asked by the worker, and who comes with its yes is served', async () => {
  const one = await start({ ask: { kind: 'rule' } });
  expect(await ask(one, 'a.test')).toBe('ask-rule');
  expect(one.issuer().requests).toEqual([]);
  const [first, second, ...others] = await Promise.all([
    ask(one, 'a.test'),
    ask(one, 'a.test', true),
    ask(one, 'a.test', true),
  ]);
  expect([first, second, ...others]).toEqual(['ask-rule', 'found', 'found']);
  expect(one.issuer().requests).toHaveLength(1);
});

test('a URL is asked once, and 200 alone is a yes', async () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const statuses: Record<string, number> = { 'a.test': 200, 'b.test': 403, 'c.test': 302 };
    const name = new URL(request.url ?? '', 'http://localhost').searchParams.get('domain') ?? '';
    response.writeHead(statuses[name] ?? 500, { location: '/?domain=a.test' }).end('x');
  });
  const port = await listenForTest(server);
  const one = await start({
    ask: { kind: 'url', url: `http://127.0.0.1:${port}/may?k=1`, timeoutMs: 30_000 },
  });
  expect(await Promise.all(['a.test', 'a.test', 'b.test', 'c.test'].map((name) => ask(one, name)))).toEqual([
    'found',
    'found',
    'none',
    'none',
  ]);
  expect(await ask(one, 'b.test')).toBe('none');
  expect(asked.toSorted()).toEqual(['a', 'b', 'c'].map((name) => `/may?k=1&domain=${name}.test`));
});

test('a URL whose server is broken is a no for a moment', async () => {
  let status = 503;
  const server = createServer((_, response) => response.writeHead(status).end());
  const port = await listenForTest(server);
  const one = await start({ ask: { kind: 'url', url: `http://127.0.0.1:${port}/`, timeoutMs: 1000 } });
  expect(await ask(one, 'a.test')).toBe('none');
  status = 200;
  await one.clock.jump(10_001);
  expect(await ask(one, 'a.test')).toBe('found');
});

test('nobody to be asked is a no for a moment', async () => {
  const one = await start({ ask: { kind: 'url', url: 'http://127.0.0.1:1/', timeoutMs: 1000 } });
  expect(await ask(one, 'a.test')).toBe('none');
  expect(await ask(one, 'a.test')).toBe('none');
  expect(one.logged('nobody could be asked for a certificate on demand')).toHaveLength(1);
  await one.clock.jump(10_001);
  await ask(one, 'a.test');
  expect(one.logged('nobody could be asked for a certificate on demand')).toHaveLength(2);
});

test('two processes with one storage order once', async () => {
  const one = await start();
  const other = await start({}, one);
  expect(await Promise.all([ask(one, 'a.test'), ask(other, 'a.test')])).toEqual(['found', 'found']);
  expect(one.issuer().requests).toHaveLength(1);
});

test('one that could not be renewed and has expired has to be allowed again', async () => {
  const one = await start({ order: orderTerms() });
  await ask(one, 'a.test');
  one.issuer().failure = new IssuerError('unreachable', 'nobody there');
  await one.clock.jump(31 * 86_400_000);
  expect(await ask(one, 'a.test')).toBe('none');
  one.issuer().failure = null;
  await one.clock.jump(5 * 60_000);
  expect(await ask(one, 'a.test')).toBe('found');
});

test('it stops in the middle of orders', async () => {
  const one = await start();
  one.issuer().hold();
  const answer = ask(one, 'a.test');
  await expect.poll(() => one.issuer().running, PATIENT).toBe(1);
  await one.manager.close();
  expect(await answer).toBe('none');
});

test('what expired a month ago leaves the storage, unless it was imported or is kept valid', async () => {
  const one = await start();
  for (const name of ['gone.test', 'kept.test', 'imported.test']) expect(await ask(one, name)).toBe('found');
  const notes = 'certificates/imported.test/ecdsa-p256.json';
  const imported: unknown = JSON.parse(String(await one.storage.load(notes)));
  await one.storage.store(notes, JSON.stringify({ ...Object(imported), issuer: 'imported' }));
  await one.manager.close();
  await one.clock.jump(62 * DAY);
  const other = new TestManager(one);
  made.push(other);
  // It stays expired, and nobody holds its lock.
  other.issuer(OTHER_CA).failure = new IssuerError('unreachable', 'nobody there');
  const kept = { names: ['kept.test'], order: orderTerms({}, [OTHER_CA]) };
  await other.use(configOf([kept], { onDemand: onDemandOf() }));
  const has = (name: string): boolean =>
    other.storage.entries.has(`certificates/${name}/ecdsa-p256.pem`) ||
    other.storage.entries.has(`certificates/${name}/ecdsa-p256.json`);
  expect(has('gone.test')).toBe(true);
  expect(await ask(other, 'new.test')).toBe('found');
  await expect.poll(() => has('gone.test'), PATIENT).toBe(false);
  // All of the removal has had its time.
  await other.clock.advance(0);
  expect(other.logged('a certificate that expired long ago was removed from the storage')).toHaveLength(1);
  expect(['new.test', 'kept.test', 'imported.test'].map(has)).toEqual([true, true, true]);
});
