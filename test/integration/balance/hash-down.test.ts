import { expect, test } from 'vitest';
import { ok } from '../../support/raw-backend.ts';
import { site, startProxy } from '../http1/setup.ts';
import { answers, startNumbered } from './setup.ts';

const users = Array.from({ length: 60 }, (_, i) => ['/', `X-User: user${i}`] as const);
const scheduler = { type: 'consistent-hash', key: 'header(x-user)' };

test('a backend that is down loses its keys to the others, whose own stay, and has them back', async () => {
  const backends = await startNumbered(4);
  const proxy = await startProxy({
    upstreams: site(
      backends.map(({ port }) => port),
      { scheduler },
    ),
  });
  const before = await answers(proxy, users);
  const runtime = proxy.upstreams.get('site')?.backends[1]?.runtime;
  if (runtime === undefined) throw new Error('no backend');
  runtime.health = 'down';
  const during = await answers(proxy, users);
  const heirs = during.filter((_, i) => before[i] === '1');
  expect(heirs).not.toContain('1');
  expect(new Set(heirs).size).toBeGreaterThan(1);
  expect(during.filter((_, i) => before[i] !== '1')).toEqual(before.filter((name) => name !== '1'));
  runtime.health = 'up';
  expect(await answers(proxy, users)).toEqual(before);
});

test('a retry goes where the keys go when the backend is down', async () => {
  let broken = false;
  const backends = await startNumbered(4, (number) => (request) => {
    if (broken && number === 1) request.connection.socket.resetAndDestroy();
    else request.reply(ok(String(number)));
  });
  const proxy = await startProxy({
    upstreams: site(
      backends.map(({ port }) => port),
      { scheduler },
    ),
  });
  const runtime = proxy.upstreams.get('site')?.backends[1]?.runtime;
  if (runtime === undefined) throw new Error('no backend');
  runtime.health = 'down';
  const without = await answers(proxy, users);
  runtime.health = 'up';
  broken = true;
  expect(await answers(proxy, users)).toEqual(without);
  expect(runtime.errors).toBeGreaterThan(0);
});
