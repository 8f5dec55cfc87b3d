import { expect, test } from 'vitest';
import { WorkerChallengeBoard } from '../../../core/primary/challenge-board.ts';
import type { PrimaryMessage, WorkerMessage } from '../../../core/ipc/messages.ts';
import type { Challenges } from '../../../core/shared/challenges.ts';

const first: Challenges = { http: { a: { name: 'one.test', answer: 'a.x' } }, alpn: {} };
const second: Challenges = { http: { b: { name: 'one.test', answer: 'b.x' } }, alpn: {} };

/** A board, and what workers were told and are waited for to say. */
function board(): {
  readonly board: WorkerChallengeBoard;
  readonly told: PrimaryMessage[];
  readonly answer: (message: WorkerMessage) => void;
} {
  const told: PrimaryMessage[] = [];
  const waiting: ((message: WorkerMessage) => void)[] = [];
  return {
    told,
    answer: (message) => {
      for (const hear of waiting) hear(message);
    },
    board: new WorkerChallengeBoard((message, isAnswer) => {
      told.push(message);
      return new Promise((resolve) => waiting.push((said) => isAnswer(said) && resolve(null)));
    }),
  };
}

async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const other = Symbol('pending');
  return (await Promise.race([promise, Promise.resolve(other)])) === other;
}

test('what is set counts when workers say that they have it, or something later', async () => {
  const { board: subject, told, answer } = board();
  const one = subject.set(first);
  expect(told).toEqual([{ type: 'challenges', revision: 1, challenges: first }]);
  answer({ type: 'challenges', revision: 0 });
  answer({ type: 'backend-overrides', revision: 1 });
  expect(await isPending(one)).toBe(true);
  const two = subject.set(second);
  answer({ type: 'challenges', revision: 1 });
  await one;
  expect(await isPending(two)).toBe(true);
  const three = subject.set(first);
  answer({ type: 'challenges', revision: 3 });
  await Promise.all([two, three]);
});

test('a new worker is told what is there at the moment', async () => {
  const { board: subject } = board();
  expect(subject.message()).toEqual({ type: 'challenges', revision: 0, challenges: { http: {}, alpn: {} } });
  void subject.set(first);
  void subject.set(second);
  expect(subject.message()).toEqual({ type: 'challenges', revision: 2, challenges: second });
});
