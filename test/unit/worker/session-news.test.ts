import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { LearnedNews } from '../../../core/shared/sticky-types.ts';
import { SessionNews } from '../../../core/worker/session-news.ts';

test('what a turn has learned goes out at its end, in one message for each table', async () => {
  const sent: LearnedNews[] = [];
  const news = new SessionNews((each) => sent.push(each));
  news.add({ upstream: 'a', cookie: 'SID', sessions: [['1', 'x', 0]] });
  news.add({ upstream: 'b', cookie: '', sessions: [['2', 'y', 0]] });
  news.add({ upstream: 'a', cookie: 'SID', sessions: [['3', 'z', 0]] });
  expect(sent).toEqual([]);
  await turn();
  expect(sent).toEqual([
    {
      upstream: 'a',
      cookie: 'SID',
      sessions: [
        ['1', 'x', 0],
        ['3', 'z', 0],
      ],
    },
    { upstream: 'b', cookie: '', sessions: [['2', 'y', 0]] },
  ]);
});

test('clients that begin sessions without end cannot fill the channel to the primary', async () => {
  let now = 500;
  let sent = 0;
  const news = new SessionNews(
    ({ sessions }) => (sent += sessions.length),
    () => now,
  );
  const begin = (): void => {
    for (let i = 0; i < 30_000; i++)
      news.add({ upstream: 'a', cookie: 'SID', sessions: [[String(i), 'x', 0]] });
  };
  begin();
  await turn();
  begin();
  await turn();
  expect(sent).toBe(10_000);
  now = 1500;
  begin();
  await turn();
  expect(sent).toBe(20_000);
});
