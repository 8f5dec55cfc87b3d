import type { BoundSocket } from './bind.ts';

/** The ports of UDP sockets that the primary has closed and workers may still hold, until their sessions have had time to end. */
export class LetGoPorts {
  /** When they are free at the latest, on the clock of performance.now(). */
  readonly #untilMs = new Map<number, number>();

  /** Those of `old` that `kept` does not have. */
  add(
    old: ReadonlyMap<string, BoundSocket>,
    kept: ReadonlyMap<string, BoundSocket>,
    forMs: number,
    nowMs = performance.now(),
  ): void {
    for (const [port, untilMs] of this.#untilMs) if (untilMs <= nowMs) this.#untilMs.delete(port);
    for (const [key, { udp }] of old)
      if (udp !== undefined && !kept.has(key)) this.#untilMs.set(udp.port, nowMs + forMs);
  }

  has(port: number, nowMs = performance.now()): boolean {
    return (this.#untilMs.get(port) ?? 0) > nowMs;
  }
}
