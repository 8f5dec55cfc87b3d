import { setImmediate as nextTurn } from 'node:timers/promises';

/** How long it may hold up the event loop at a stretch. */
const TURN_MS = 4;

/** Does work of many small steps, and gives the event loop its turns in between. */
export async function inTurns<Result>(steps: Generator<undefined, Result>): Promise<Result> {
  let turnEnds = performance.now() + TURN_MS;
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (performance.now() < turnEnds) continue;
    await nextTurn();
    turnEnds = performance.now() + TURN_MS;
  }
}
