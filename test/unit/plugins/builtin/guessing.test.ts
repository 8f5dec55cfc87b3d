import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { apr1 } from '../../../../plugins/builtin/basic-auth/apr1.ts';
import { readPasswordHash } from '../../../../plugins/builtin/basic-auth/password-hash.ts';
import { Verifier } from '../../../../plugins/builtin/basic-auth/verifier.ts';

test('attack: guesses at an old MD5 hash leave other work its turns', async () => {
  const users = new Map([['kim', readPasswordHash('$apr1$saltsalt$abcdefghijklmnopqrstuv')]]);
  const verifier = new Verifier(() => users);
  const looked: unknown[] = [];
  const guesses = Array.from({ length: 20 }, async (_, i) => {
    looked.push(await verifier.verify('kim', `guess ${i}`));
  });
  let most = 0;
  for (let before = 0; looked.length < 20; before = looked.length) {
    await turn();
    most = Math.max(most, looked.length - before);
  }
  await Promise.all(guesses);
  expect(new Set(looked)).toEqual(new Set(['bad']));
  expect(most).toBeLessThan(4);
});

test('attack: a look at a long password takes ten short turns, not one that all others wait for', async () => {
  const state = { turns: 0, isOver: false };
  const counting = (async () => {
    for (; !state.isOver; state.turns++) await turn();
  })();
  await apr1('x'.repeat(1000), 'saltsalt');
  state.isOver = true;
  await counting;
  expect(state.turns).toBeGreaterThanOrEqual(10);
});
