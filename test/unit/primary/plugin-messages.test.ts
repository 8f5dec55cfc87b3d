import { expect, test } from 'vitest';
import type { PluginMessage, WorkerMessage } from '../../../core/ipc/messages.ts';
import { PluginMessages } from '../../../core/primary/plugin-messages.ts';
import { recordingLog } from '../../support/recording-log.ts';

/** A worker that takes what it is sent when the test says so. */
class TestWorker {
  readonly pid = 1;
  readonly exited: Promise<void>;
  readonly got: string[] = [];
  readonly untaken: (() => void)[] = [];
  say: (message: WorkerMessage) => void = () => undefined;
  exit: () => void = () => undefined;

  constructor() {
    this.exited = new Promise((resolve) => {
      this.exit = resolve;
    });
  }

  onMessage(listener: (message: WorkerMessage) => void): void {
    this.say = listener;
  }

  send({ body }: PluginMessage, _handle: undefined, onSent: () => void): void {
    this.got.push(body);
    this.untaken.push(onSent);
  }
}

function start(count: number) {
  const { log, lines } = recordingLog();
  const messages = new PluginMessages(log);
  const workers = Array.from({ length: count }, () => new TestWorker());
  for (const worker of workers) messages.attach(worker);
  return { workers, lines };
}

function saying(body: string): PluginMessage {
  return { type: 'plugin-message', instance: 'one', body };
}

test('what an instance says goes to all other workers, in order', () => {
  const { workers } = start(3);
  workers[0]?.say(saying('a'));
  workers[0]?.say(saying('b'));
  workers[1]?.say(saying('c'));
  expect(workers.map(({ got }) => got)).toEqual([['c'], ['a', 'b'], ['a', 'b', 'c']]);
});

test('a worker that does not read gets no more than 8 MiB, and one line says so', () => {
  const { workers, lines } = start(2);
  const [from, to] = workers;
  const megabyte = 'x'.repeat(2 ** 20);
  for (let time = 0; time < 20; time++) from?.say(saying(megabyte));
  expect(to?.got).toHaveLength(8);
  expect(lines.map(({ level, fields }) => [level, fields['dropped']])).toEqual([['warn', 1]]);
  to?.untaken.shift()?.();
  from?.say(saying(megabyte));
  expect(to?.got).toHaveLength(9);
});

test('one that has died is told nothing', async () => {
  const { workers } = start(2);
  workers[1]?.exit();
  await workers[1]?.exited;
  workers[0]?.say(saying('a'));
  expect(workers[1]?.got).toEqual([]);
});
