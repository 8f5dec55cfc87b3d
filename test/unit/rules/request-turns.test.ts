import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { RequestDecision, RuleRequest } from '../../../core/shared/rule-script.ts';
import { RequestTurns, type TurnDecider, type TurnResult } from '../../../rules/request-turns.ts';

const NEXT: RequestDecision = { kind: 'next', edits: [] };
const FAULT: RequestDecision = { kind: 'fault', reason: 'test' };

/** Plays one result after the other; without one left, it decides all. */
class Decider implements TurnDecider {
  isLoading = false;
  readonly results: TurnResult[] = [];
  /** The targets of each call; `!` in front where it forgave. */
  readonly calls: string[] = [];
  onCall: () => void = () => {};

  decideAll(requests: readonly RuleRequest[], forgiving: boolean): TurnResult {
    this.calls.push(`${forgiving ? '' : '!'}${requests.map(({ target }) => target).join(' ')}`);
    this.onCall();
    return this.results.shift() ?? { kind: 'decided', decisions: requests.map(() => NEXT) };
  }
}

function start(): {
  script: Decider;
  turns: RequestTurns;
  add: (...targets: string[]) => void;
  decided: string[];
} {
  const script = new Decider();
  const turns = new RequestTurns(script);
  const decided: string[] = [];
  const add = (...targets: string[]): void => {
    for (const target of targets) {
      turns.add(requestOf(target), { onDecision: ({ kind }) => void decided.push(`${target} ${kind}`) });
    }
  };
  return { script, turns, add, decided };
}

function requestOf(target: string, head = ''): RuleRequest {
  return { method: 'GET', scheme: 'http', host: 'a', target, path: target, clientAddress: '::1', head };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

// A run ends after some milliseconds: time stands still, lest a busy machine end one early.
beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

test('a call has so many characters, those of variables among them', async () => {
  const { script, turns } = start();
  const variables = 'x'.repeat(60 * 2 ** 10);
  for (const target of ['/1', '/2', '/3'])
    turns.add({ ...requestOf(target), variables }, { onDecision() {} });
  await turn();
  expect(script.calls).toEqual(['/1 /2', '/3']);
});

test('requests of one turn are decided in one call at its end', async () => {
  const { script, add, decided } = start();
  add('/1', '/2');
  expect(script.calls).toEqual([]);
  await turn();
  add('/3');
  await turn();
  expect(script.calls).toEqual(['/1 /2', '/3']);
  expect(decided).toEqual(['/1 next', '/2 next', '/3 next']);
});

test('what comes during a turn is decided in the next one', async () => {
  const { script, add } = start();
  script.onCall = () => {
    if (script.calls.length === 1) add('/late');
  };
  add('/1');
  await turn();
  expect(script.calls).toEqual(['/1']);
  await turn();
  expect(script.calls).toEqual(['/1', '/late']);
});

test('what a call left undecided is in the next one', async () => {
  const { script, add, decided } = start();
  script.results.push({ kind: 'decided', decisions: [NEXT, FAULT] });
  add('/1', '/2', '/3', '/4');
  await turn();
  expect(script.calls).toEqual(['/1 /2 /3 /4', '/3 /4']);
  expect(decided).toEqual(['/1 next', '/2 fault', '/3 next', '/4 next']);
});

test('the request that ended the isolate is left out of the next call', async () => {
  const { script, add, decided } = start();
  script.results.push({ kind: 'ended', index: 1, decision: FAULT, forgiven: false });
  add('/1', '/2', '/3');
  await turn();
  expect(script.calls).toEqual(['/1 /2 /3', '/1 /3']);
  await turn();
  await turn();
  // It hears last: the others waited for it.
  expect(decided).toEqual(['/1 next', '/3 next', '/2 fault']);
});

test('a forgiven request is tried alone when an isolate was loaded, after those that waited for it', async () => {
  const { script, turns, add, decided } = start();
  script.results.push({ kind: 'ended', index: 0, decision: FAULT, forgiven: true });
  add('/1', '/2');
  await turn();
  await turn();
  expect(script.calls).toEqual(['/1 /2', '!/2']);
  add('/3');
  turns.onLoadEnded();
  await turn();
  expect(script.calls.slice(2)).toEqual(['!/3']);
  expect(decided).toEqual(['/2 next', '/3 next']);
  script.results.push({ kind: 'ended', index: 0, decision: FAULT, forgiven: false });
  add('/4');
  await turn();
  expect(script.calls.slice(3)).toEqual(['!/1', '/4']);
  await turn();
  await turn();
  expect(decided).toEqual(['/2 next', '/3 next', '/4 next', '/1 fault']);
});

test('a forgiven request lets those go first that came while its isolate was loaded', async () => {
  const { script, turns, add } = start();
  script.results.push({ kind: 'ended', index: 0, decision: FAULT, forgiven: true });
  add('/1');
  await turn();
  turns.onLoadEnded();
  await turn();
  // Read from its connection only now.
  add('/2');
  await turn();
  await turn();
  expect(script.calls).toEqual(['/1', '!/2', '!/1']);
});

test('when those that went first took the isolate down, a forgiven request waits for the next one', async () => {
  const { script, turns, add, decided } = start();
  script.results.push(
    { kind: 'ended', index: 0, decision: FAULT, forgiven: true },
    { kind: 'ended', index: 0, decision: FAULT, forgiven: false },
  );
  add('/1');
  await turn();
  add('/2');
  turns.onLoadEnded();
  await turn();
  await turn();
  expect(script.calls).toEqual(['/1', '!/2']);
  add('/3');
  turns.onLoadEnded();
  await turn();
  expect(script.calls.slice(2)).toEqual(['!/1', '/3']);
  await turn();
  expect(decided).toEqual(['/2 fault', '/1 next', '/3 next']);
});

test('where nobody knows which request a failure lies in, each is tried by itself', async () => {
  const { script, add, decided } = start();
  const failed: TurnResult = { kind: 'failed', decision: FAULT };
  script.results.push(failed, { kind: 'decided', decisions: [NEXT] }, failed);
  add('/1', '/2');
  await turn();
  expect(script.calls).toEqual(['/1 /2', '/1', '/2']);
  expect(decided).toEqual(['/1 next', '/2 fault']);
});

test('those wait for an isolate too', async () => {
  const { script, turns, add } = start();
  script.results.push({ kind: 'failed', decision: FAULT });
  script.onCall = () => (script.isLoading = script.calls.length === 2);
  add('/1', '/2', '/3');
  await turn();
  expect(script.calls).toEqual(['/1 /2 /3', '/1']);
  script.isLoading = false;
  add('/4');
  turns.onLoadEnded();
  await turn();
  expect(script.calls.slice(2)).toEqual(['/2', '/3', '/4']);
});

test('without an isolate requests wait, in their order', async () => {
  const { script, turns, add, decided } = start();
  script.isLoading = true;
  add('/1');
  await turn();
  add('/2');
  await turn();
  expect(script.calls).toEqual([]);
  script.isLoading = false;
  turns.onLoadEnded();
  await turn();
  expect(decided).toEqual(['/1 next', '/2 next']);
});

test('a call holds so many requests and so many bytes of heads', async () => {
  const { script, turns, add } = start();
  add(...Array.from({ length: 130 }, () => '/'));
  await turn();
  expect(script.calls.map((call) => call.split(' ').length)).toEqual([64, 64, 2]);
  script.calls.length = 0;
  const large = requestOf('/', 'x'.repeat(100 * 1024));
  for (let count = 0; count < 3; count++) turns.add(large, { onDecision: () => {} });
  await turn();
  expect(script.calls).toEqual(['/', '/', '/']);
});
