import type { ChildProcess, SendHandle } from 'node:child_process';

import type { PrimaryMessage, WorkerMessage } from './messages.ts';

/**
 * The two ends of the channel between the primary and a worker. Both run the same build of the
 * same program and nobody else holds an end of the pipe, so this is the one place where a message is trusted as typed.
 */

/** A bound socket as libuv knows it (`TCP` or `Pipe`), which Node passes on as it is. */
export interface SocketHandle {
  close(): void;
}

/** The worker's end. */
export interface PrimaryChannel {
  /** Does nothing once the primary is gone. */
  send(message: WorkerMessage): void;
  /** `handle` comes with a `socket` message and can be given to `server.listen(handle)`. */
  onMessage(listener: (message: PrimaryMessage, handle: SocketHandle | undefined) => void): void;
  /** The primary has ended, or let go of this worker. */
  onClose(listener: () => void): void;
}

/** Throws when this process was not started by a primary. */
export function openPrimaryChannel(worker: NodeJS.Process = process): PrimaryChannel {
  if (worker.send === undefined) throw new Error('a worker is started by the primary only');
  return {
    send(message) {
      // The callback keeps a primary that has just died from becoming an uncaught EPIPE.
      if (worker.connected) worker.send?.(message, undefined, undefined, () => undefined);
    },
    onMessage(listener) {
      worker.on('message', (message: unknown, handle: unknown) => {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own build at the other end
        listener(message as PrimaryMessage, handle as SocketHandle | undefined);
      });
    },
    onClose(listener) {
      worker.on('disconnect', listener);
    },
  };
}

/** Sends to a worker. `onError` hears of a channel that is closed or breaks; `onSent`, in any case, that nothing waits any more. */
export function sendToWorker(
  worker: ChildProcess,
  message: PrimaryMessage,
  handle: SocketHandle | undefined,
  onError: (error: Error) => void,
  onSent?: () => void,
): void {
  if (!worker.connected) {
    onError(new Error('the channel to the worker is closed'));
    onSent?.();
    return;
  }
  // Node sends native handles too ("net.Native"), which its types do not say.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  worker.send(message, handle as unknown as SendHandle, {}, (error) => {
    if (error !== null) onError(error);
    onSent?.();
  });
}

/** Hears every message of a worker. */
export function onWorkerMessage(worker: ChildProcess, listener: (message: WorkerMessage) => void): void {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own build at the other end
  worker.on('message', (message: unknown) => listener(message as WorkerMessage));
}
