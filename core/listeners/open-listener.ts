import type { SocketTaker } from './bound-server.ts';

/** A listener of a worker, whatever it speaks. */
export interface OpenListener extends SocketTaker {
  /**
   * Nothing more is accepted for it: ends what is idle now, the rest in good time; resolves when all is gone.
   * @param endMs when that has to be, on the clock of performance.now()
   */
  drain(endMs?: number): Promise<void>;
  /** Ends every connection at once, whatever runs on it. */
  destroyConnections(): void;
}
