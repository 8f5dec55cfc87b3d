import { expect, test } from 'vitest';
import { ok } from '../../support/raw-backend.ts';
import { site, startProxy } from '../http1/setup.ts';
import { ask, backendOf, cookieOf, KEY, setState, startSticky, whoAnswers } from './setup.ts';

const COOKIE = { type: 'cookie', key: KEY };

test('a client with the cookie stays with its backend, and gets the cookie once only', async () => {
  const running = await startSticky(COOKIE);
  const first = await ask(running);
  expect(first.header('set-cookie')).toMatch(/^tidegate-site=[\w-]{22}; Path=\/; HttpOnly; SameSite=Lax$/);
  const cookie = cookieOf(first);
  expect(await whoAnswers(running, `other=1; ${cookie}; more=2`)).toEqual(new Set([first.body]));
  expect((await ask(running, cookie)).header('set-cookie')).toBeNull();
  expect((await ask(running, 'other=1', cookie)).body).toBe(first.body);
});

test('the cookie has the attributes of the config', async () => {
  const running = await startSticky({
    ...COOKIE,
    name: 'back',
    path: '/app',
    domain: 'example.test',
    secure: true,
    httpOnly: false,
    sameSite: 'none',
    maxAge: '90s',
  });
  expect((await ask(running)).header('set-cookie')).toMatch(
    /^back=[\w-]{22}; Path=\/app; Domain=example.test; Max-Age=90; Secure; SameSite=None$/,
  );
});

test('the cookies of the backend stay beside it', async () => {
  const running = await startSticky(
    COOKIE,
    () => (request) => request.reply(ok('x', 'Set-Cookie: a=1', 'Set-Cookie: b=2')),
  );
  const { head } = await ask(running);
  expect(head.match(/set-cookie: \w+/gi)).toEqual(['Set-Cookie: a', 'Set-Cookie: b', 'Set-Cookie: tidegate']);
});

test('the last of several cookies of the name is found behind others that mean nothing', async () => {
  const running = await startSticky(COOKIE);
  const first = await ask(running);
  const cookies = `tidegate-site=old; tidegate-site=; ${cookieOf(first)}`;
  expect(await whoAnswers(running, cookies)).toEqual(new Set([first.body]));
});

test.each([
  ['drain', 1],
  ['ready', 0],
] as const)(
  'a backend of state %s and weight %d keeps its clients and gets no others',
  async (state, weight) => {
    const running = await startSticky(COOKIE);
    const first = await ask(running);
    setState(running, first.body, state, weight);
    expect(await whoAnswers(running, cookieOf(first))).toEqual(new Set([first.body]));
    expect(await whoAnswers(running, 'none=1', 6)).not.toContain(first.body);
  },
);

test.each(['maintenance', 'down'] as const)(
  'a client of a backend that is in %s goes to another one and stays there',
  async (what) => {
    const running = await startSticky(COOKIE);
    const first = await ask(running);
    if (what === 'down') backendOf(running, first.body).runtime.health = 'down';
    else setState(running, first.body, 'maintenance');
    const second = await ask(running, cookieOf(first));
    expect(second.body).not.toBe(first.body);
    if (what === 'down') backendOf(running, first.body).runtime.health = 'up';
    else setState(running, first.body, 'ready');
    expect(await whoAnswers(running, cookieOf(second))).toEqual(new Set([second.body]));
  },
);

test('a retry leaves the backend of the client, which gets a cookie for the other one', async () => {
  let broken = '';
  const running = await startSticky(COOKIE, (index) => (request) => {
    if (broken === String(index)) request.connection.socket.resetAndDestroy();
    else request.reply(ok(String(index)));
  });
  const first = await ask(running);
  broken = first.body;
  const second = await ask(running, cookieOf(first));
  expect(second.status).toBe(200);
  expect(second.body).not.toBe(first.body);
  broken = '';
  expect(await whoAnswers(running, cookieOf(second))).toEqual(new Set([second.body]));
});

test('a cookie of an older key is good, and replaced by one of the newest', async () => {
  const before = await startSticky({ type: 'cookie', key: 'the key that was before' });
  const oldCookies = new Map<string, string>();
  for (let i = 0; i < 3; i++) {
    const answer = await ask(before);
    oldCookies.set(answer.body, cookieOf(answer));
  }
  const ports = before.servers.map(({ port }) => port);
  const proxy = await startProxy({
    upstreams: site(ports, { sticky: { type: 'cookie', key: [KEY, 'the key that was before'] } }),
  });
  const now = { proxy, servers: before.servers };
  for (const [body, cookie] of oldCookies) {
    const answer = await ask(now, cookie);
    expect(answer.body).toBe(body);
    expect(cookieOf(answer)).not.toBe(cookie);
    expect(await whoAnswers(now, cookieOf(answer))).toEqual(new Set([body]));
  }
});

test('an answer of the proxy itself sets no cookie', async () => {
  const running = await startSticky(COOKIE);
  for (const index of [0, 1, 2]) setState(running, index, 'maintenance');
  const answer = await ask(running);
  expect([answer.status, answer.header('set-cookie')]).toEqual([503, null]);
});

test('requests of sticky clients, and retries, are counted apart from those of the scheduler', async () => {
  let broken = '';
  const running = await startSticky(COOKIE, (index) => (request) => {
    if (broken === String(index)) request.connection.socket.resetAndDestroy();
    else request.reply(ok(String(index)));
  });
  const traffic = (index: string) => backendOf(running, index).runtime.traffic.sum(60_000, performance.now());
  const first = await ask(running);
  await whoAnswers(running, cookieOf(first), 3);
  expect(traffic(first.body)).toEqual({ scheduler: 1, session: 3, other: 0 });
  broken = first.body;
  const second = await ask(running, cookieOf(first));
  expect(traffic(first.body)).toEqual({ scheduler: 1, session: 4, other: 0 });
  expect(traffic(second.body)).toEqual({ scheduler: 0, session: 0, other: 1 });
});
