import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import type { WorkerMessage } from '../../../core/ipc/messages.ts';
import { watchHeartbeat } from '../../../core/primary/heartbeat.ts';
import type { WorkerExit } from '../../../core/primary/worker-process.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A worker that has come up and is silent; `pong` is its answer, `end` its end. */
async function watched(timeoutMs: number) {
  const listeners = new Set<(message: WorkerMessage) => void>();
  const exit = Promise.withResolvers<WorkerExit>();
  const send = vi.fn();
  const onSilence = vi.fn();
  const worker = {
    online: async () => ({ kind: 'answer', message: true }) as const,
    exited: exit.promise,
    send,
    onMessage(listener: (message: WorkerMessage) => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  void watchHeartbeat(worker, () => timeoutMs, onSilence);
  await vi.advanceTimersByTimeAsync(0);
  return {
    send,
    onSilence,
    pong: () => listeners.forEach((listener) => listener({ type: 'pong' })),
    end: async () => {
      exit.resolve({ code: 0, signal: null, lastRuleId: null, livedMs: 0 });
      await vi.advanceTimersByTimeAsync(0);
    },
  };
}

test('a worker is silent after the whole time without an answer, and asked once', async () => {
  const { send, onSilence } = await watched(10_000);
  await vi.advanceTimersByTimeAsync(9_999);
  expect(onSilence).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(onSilence).toHaveBeenCalledOnce();
  expect(send.mock.calls).toEqual([[{ type: 'ping' }]]);
});

test('a worker that is slow to answer is left alone, however often', async () => {
  const { pong, onSilence } = await watched(10_000);
  for (let round = 0; round < 10; round++) {
    await vi.advanceTimersByTimeAsync(9_000);
    pong();
  }
  expect(onSilence).not.toHaveBeenCalled();
});

test('nobody asks a worker that has ended', async () => {
  const { end, pong, send, onSilence } = await watched(10_000);
  pong();
  await end();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(onSilence).not.toHaveBeenCalled();
  expect(send).toHaveBeenCalledOnce();
});
