import type { BodyTransform } from '../../../plugins/contract/message.ts';
import { copyOf } from '../../shared/read-buffers.ts';
import { asBuffer, type BodyStation, type Surroundings } from './body-sink.ts';
import { isPromise } from './is-promise.ts';

/**
 * A plugin's transform. While it thinks, or the next station is full, what still comes is held: no more than what the
 * station before gives out at once, since that waits, too.
 */
export class TransformStation implements BodyStation {
  readonly #transform: BodyTransform;
  readonly #around: Surroundings;
  readonly #patienceMs: number;
  #held: Buffer[] = [];
  #flushHeld = false;
  #endHeld = false;
  /** Since when a promise of the transform's is waited for; 0: none is. */
  #busySinceMs = 0;
  #nextIsFull = false;
  /** Whether whoever writes waits for `onWritable`. */
  #owesWritable = false;
  #isAdvancing = false;
  #closed = false;
  #timer: NodeJS.Timeout | null = null;

  /** `patienceMs`: how long a promise may take. */
  constructor(transform: BodyTransform, around: Surroundings, patienceMs: number) {
    this.#transform = transform;
    this.#around = around;
    this.#patienceMs = patienceMs;
  }

  write(piece: Buffer): boolean {
    if (this.#closed) return true;
    if (this.#isWaiting || this.#held.length > 0 || this.#isAdvancing) this.#held.push(copyOf(piece));
    else this.#call(() => this.#transform.data(piece, this.#push), null);
    if (!this.#isWaiting && this.#held.length === 0) return true;
    this.#owesWritable = true;
    return false;
  }

  flush(): void {
    if (this.#closed || this.#endHeld) return;
    this.#flushHeld = true;
    this.#advance();
  }

  end(): void {
    if (this.#closed) return;
    this.#endHeld = true;
    this.#advance();
  }

  resume(): void {
    if (!this.#nextIsFull) return;
    this.#nextIsFull = false;
    this.#advance();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#held = [];
    if (this.#timer !== null) clearTimeout(this.#timer);
    try {
      this.#transform.close?.();
    } catch (error) {
      this.#around.onFailed(error);
    }
  }

  get #isWaiting(): boolean {
    return this.#busySinceMs !== 0 || this.#nextIsFull;
  }

  /** Goes on with what is held as far as it can. */
  #advance(): void {
    if (this.#isAdvancing) return;
    this.#isAdvancing = true;
    while (!this.#closed && !this.#isWaiting) {
      const piece = this.#held.shift();
      if (piece !== undefined) this.#call(() => this.#transform.data(piece, this.#push), null);
      else if (this.#flushHeld) this.#flushOn();
      else break;
    }
    this.#isAdvancing = false;
    if (this.#closed || this.#isWaiting) return;
    if (this.#endHeld) return this.#endOn();
    if (!this.#owesWritable) return;
    this.#owesWritable = false;
    this.#around.onWritable();
  }

  #flushOn(): void {
    this.#flushHeld = false;
    this.#call(
      () => this.#transform.flush?.(this.#push),
      () => this.#around.next.flush(),
    );
  }

  #endOn(): void {
    this.#endHeld = false;
    this.#call(
      () => this.#transform.end?.(this.#push),
      () => {
        this.close();
        this.#around.next.end();
      },
    );
  }

  readonly #push = (piece: Uint8Array): void => {
    if (this.#closed) return;
    // What hands on bytes is not stuck, however long it takes for the whole piece.
    if (this.#busySinceMs !== 0) this.#busySinceMs = performance.now();
    const bytes = asBuffer(piece);
    if (bytes.length > 0 && !this.#around.next.write(bytes)) this.#nextIsFull = true;
  };

  /** `then`: what follows when the transform is done. */
  #call(run: () => void | Promise<void>, then: (() => void) | null): void {
    let result: unknown;
    try {
      result = run();
    } catch (error) {
      return this.#around.onFailed(error);
    }
    if (!isPromise(result)) {
      if (!this.#closed) then?.();
      return;
    }
    this.#busySinceMs = performance.now();
    this.#timer ??= setTimeout(() => this.#checkTime(), this.#patienceMs);
    result.then(
      () => this.#goOn(then),
      (error: unknown) => {
        if (!this.#closed) this.#around.onFailed(error);
      },
    );
  }

  #goOn(then: (() => void) | null): void {
    if (this.#closed) return;
    this.#busySinceMs = 0;
    try {
      then?.();
      this.#advance();
    } catch (error) {
      this.#around.onFailed(error);
    }
  }

  #checkTime(): void {
    this.#timer = null;
    if (this.#closed || this.#busySinceMs === 0) return;
    const leftMs = this.#busySinceMs + this.#patienceMs - performance.now();
    if (leftMs > 0) this.#timer = setTimeout(() => this.#checkTime(), leftMs);
    else this.#around.onFailed(new Error(`a piece was not done with within ${this.#patienceMs} ms`));
  }
}
