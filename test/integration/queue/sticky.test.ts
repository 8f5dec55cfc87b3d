import { expect, test } from 'vitest';
import { poll } from '../../support/poll.ts';
import { answer, send, startCrowd, waiting, type Crowd } from './setup.ts';

const STICKY = { sticky: { type: 'cookie', key: 'the key of these tests' } };

/** A client's request at each of two backends is under way; cookies of these by backend. */
async function twoFull(): Promise<{
  readonly crowd: Crowd;
  readonly cookies: string[];
  readonly targets: string[];
}> {
  const crowd = await startCrowd(STICKY, 2);
  const cookies: string[] = [];
  for (const target of ['/1', '/2']) {
    const client = await send(crowd, target);
    await answer(crowd, target);
    const cookie = (await client.answer()).header('set-cookie')?.split(';')[0] ?? '';
    const index = crowd.servers.findIndex(({ requests }) => requests.some((each) => each.target === target));
    cookies[index] = cookie;
  }
  for (const cookie of cookies) await send(crowd, `/of-${cookies.indexOf(cookie)}`, `Cookie: ${cookie}`);
  return { crowd, cookies, targets: ['/of-0', '/of-1'] };
}

test('a client waits for its own backend, and others pass it to the other one', async () => {
  const { crowd, cookies } = await twoFull();
  await send(crowd, '/own', `Cookie: ${cookies[0]}`);
  await send(crowd, '/any');
  expect(waiting(crowd)).toBe(2);
  await answer(crowd, '/of-1', '/any');
  expect(waiting(crowd)).toBe(1);
  await answer(crowd, '/of-0', '/own');
  expect(crowd.servers[0]?.requests.at(-1)?.target).toBe('/own');
  await answer(crowd, '/any');
  await answer(crowd, '/own');
});

test('a client whose backend goes out of service while it waits takes any other', async () => {
  const { crowd, cookies } = await twoFull();
  await send(crowd, '/own', `Cookie: ${cookies[0]}`);
  crowd.proxy.upstreams.get('site')?.backends[0]?.setTerms({ state: 'maintenance', weight: 1, priority: 0 });
  await answer(crowd, '/of-1', '/own');
  await poll(() => crowd.servers[1]?.requests.at(-1)?.target === '/own');
  await answer(crowd, '/of-0');
  await answer(crowd, '/own');
});
