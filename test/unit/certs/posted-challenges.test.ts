import { expect, test } from 'vitest';
import { PostedChallenges } from '../../../certs/posted-challenges.ts';
import type { Challenges } from '../../../core/shared/challenges.ts';

test('while the board is busy changes are gathered, and each waits until it is up', async () => {
  const posts: { readonly challenges: Challenges; readonly done: () => void }[] = [];
  const posted = new PostedChallenges({
    set: (challenges) => new Promise((done) => posts.push({ challenges, done })),
  });
  const up: string[] = [];
  const add = (token: string): void =>
    void posted.addHttp(token, { name: 'one.test', answer: token }).then(() => up.push(token));
  add('a');
  await turn();
  add('b');
  add('c');
  await turn();
  expect(posts.map(({ challenges }) => Object.keys(challenges.http))).toEqual([['a']]);
  expect(up).toEqual([]);
  posts[0]?.done();
  await turn();
  expect(up).toEqual(['a']);
  expect(posts.map(({ challenges }) => Object.keys(challenges.http))).toEqual([['a'], ['a', 'b', 'c']]);
  posts[1]?.done();
  await turn();
  expect(up).toEqual(['a', 'b', 'c']);
});

test('a board that fails once is written again by the next change', async () => {
  let fails = true;
  let last: Challenges | null = null;
  const posted = new PostedChallenges({
    set: async (challenges) => {
      if (fails) throw new Error('no worker');
      last = challenges;
    },
  });
  await expect(posted.addHttp('a', { name: 'one.test', answer: 'a' })).rejects.toThrow('no worker');
  fails = false;
  await posted.addHttp('b', { name: 'one.test', answer: 'b' });
  expect(last).toMatchObject({ http: { a: {}, b: {} } });
});

test('the answer of another order for the same name stays', async () => {
  let last: Challenges = { http: {}, alpn: {} };
  const posted = new PostedChallenges({
    set: async (challenges) => {
      last = challenges;
    },
  });
  const first = { cert: 'first', key: '' };
  const second = { cert: 'second', key: '' };
  await posted.addAlpn('one.test', first);
  await posted.addAlpn('one.test', second);
  await posted.removeAlpn('one.test', first);
  expect(last.alpn['one.test']).toBe(second);
  await posted.removeAlpn('one.test', second);
  expect(last.alpn).toEqual({});
});

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
