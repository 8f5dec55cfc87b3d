/** Threads of Node's pool are few, and a disk that hangs holds each that waits for it: one at least is left for others. */
const AT_ONCE = 3;
/** What comes when so many wait is refused. */
const MOST_WAITING = 1000;
/** What takes longer counts as failed, whatever becomes of it. */
const PATIENCE_MS = 2000;

/** Too much is under way, or the disk does not answer. */
export class DiskBusy extends Error {}

/** Bounds how many operations on files are under way in this process, and how long one is waited for. */
export class DiskQueue {
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** `late`: is given what nobody waits for any more. @throws {DiskBusy} and what the work throws. */
  async run<Result>(work: () => Promise<Result>, late?: (result: Result) => void): Promise<Result> {
    if (this.#running < AT_ONCE) this.#running += 1;
    else if (this.#waiting.length >= MOST_WAITING) throw new DiskBusy('too many operations wait');
    else await this.#turn();
    const working = work();
    const left = (): void => this.#leave();
    working.then(left, left);
    return patiently(working, late);
  }

  // Patience counts from here: behind a disk that hangs nobody waits for ever.
  async #turn(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      this.#waiting.splice(this.#waiting.indexOf(enter), 1);
      reject(new DiskBusy(`no turn within ${PATIENCE_MS} ms`));
    }, PATIENCE_MS).unref();
    const enter = (): void => {
      clearTimeout(timer);
      resolve();
    };
    this.#waiting.push(enter);
    return promise;
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running -= 1;
    else next();
  }
}

async function patiently<Result>(
  working: Promise<Result>,
  late: (result: Result) => void = () => {},
): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new DiskBusy(`no end within ${PATIENCE_MS} ms`));
    working.then(late, () => {});
  }, PATIENCE_MS).unref();
  try {
    return await Promise.race([working, promise]);
  } finally {
    clearTimeout(timer);
  }
}
