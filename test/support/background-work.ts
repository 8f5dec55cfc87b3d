import { createHook } from 'node:async_hooks';
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises';
import { onTestFinished } from 'vitest';

/** What Node's thread pool has to do, by the id of the asynchronous resource. */
const underWay = new Map<number, string>();

const hook = createHook({
  init(id, type, _, resource) {
    if (!/^FSREQ|REQUEST$/.test(type)) return;
    underWay.set(id, type);
    const run: unknown = Reflect.get(resource, 'run');
    if (typeof run !== 'function') return;
    // A job of node:crypto is the same resource when it is done at once, and then nothing ever ends it; it gives its outcome as an array.
    Reflect.set(resource, 'run', (...args: unknown[]): unknown => {
      const outcome: unknown = Reflect.apply(run, resource, args);
      if (Array.isArray(outcome)) underWay.delete(id);
      return outcome;
    });
  },
  after(id) {
    underWay.delete(id);
  },
  trackPromises: false,
});

/** Watches what the current test begins from now on. */
export function watchBackgroundWork(): void {
  hook.enable();
  onTestFinished(() => {
    hook.disable();
    underWay.clear();
  });
}

/** Turns of the event loop without work after which none is to come: what one turn leaves to the next may do so again. */
const QUIET_TURNS = 3;

/** Until files are read and written, keys made and certificates signed, and whatever followed from that is over. */
export async function backgroundWorkOver(timeoutMs = 30_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  for (let quiet = 0; quiet < QUIET_TURNS; quiet += 1) {
    await turn();
    while (underWay.size > 0) {
      if (Date.now() > end)
        throw new Error(`still under way after ${timeoutMs} ms: ${[...underWay.values()].join(', ')}`);
      quiet = 0;
      await pause(1);
    }
  }
}
