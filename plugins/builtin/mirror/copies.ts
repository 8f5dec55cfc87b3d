import type { PluginContext, PluginSubrequest } from '../../api.ts';

interface Bounds {
  /** Under way at a time. */
  readonly concurrency: number;
  /** For each, to the end of its answer. */
  readonly timeout: number;
}

/** Sends copies of requests and throws their answers away. Nobody waits for it, and nothing that goes wrong here comes out of it. */
export class Copies {
  readonly #context: Pick<PluginContext, 'request'>;
  readonly #bounds: Bounds;
  readonly #open = new Set<AbortController>();
  #underWay = 0;
  readonly #counts = { sent: 0, dropped: 0, failed: 0, cutOff: 0, tooLarge: 0, notWhole: 0 };
  /** Answers by class, 1xx to 5xx. */
  readonly #statuses = [0, 0, 0, 0, 0];

  constructor(context: Pick<PluginContext, 'request'>, bounds: Bounds) {
    this.#context = context;
    this.#bounds = bounds;
  }

  /** Takes a place for a copy. @returns false: there is none, and the request goes without a copy */
  enter(): boolean {
    if (this.#underWay >= this.#bounds.concurrency) {
      this.#counts.dropped += 1;
      return false;
    }
    this.#underWay += 1;
    return true;
  }

  /** Gives the place of a copy back that is not to be: its body is over the limit, or its client left before the end of it. */
  leave(why: 'tooLarge' | 'notWhole'): void {
    this.#counts[why] += 1;
    this.#underWay -= 1;
  }

  /** A request whose body is too large from the start. */
  passOver(): void {
    this.#counts.tooLarge += 1;
  }

  /** In a place that was taken. The request that it is a copy of goes first. */
  send(copy: PluginSubrequest): void {
    this.#counts.sent += 1;
    setImmediate(() => void this.#send(copy));
  }

  async #send(copy: PluginSubrequest): Promise<void> {
    const ending = new AbortController();
    const timer = setTimeout(() => ending.abort(), this.#bounds.timeout);
    this.#open.add(ending);
    let isAnswered = false;
    try {
      const { status, body } = await this.#context.request({ ...copy, signal: ending.signal });
      isAnswered = true;
      this.#countStatus(status);
      const pieces = body[Symbol.asyncIterator]();
      // Read to its end, so that the connection serves the next copy.
      while ((await pieces.next()).done !== true);
    } catch {
      if (isAnswered) this.#counts.cutOff += 1;
      else this.#counts.failed += 1;
    } finally {
      clearTimeout(timer);
      this.#open.delete(ending);
      this.#underWay -= 1;
    }
  }

  #countStatus(status: number): void {
    const at = Math.floor(status / 100) - 1;
    this.#statuses[at] = (this.#statuses[at] ?? 0) + 1;
  }

  status(): Readonly<Record<string, number>> {
    const statuses = this.#statuses.map((count, i) => [`${i + 1}xx`, count] as const);
    return { underWay: this.#underWay, ...this.#counts, ...Object.fromEntries(statuses.slice(1)) };
  }

  close(): void {
    for (const ending of this.#open) ending.abort();
  }
}
