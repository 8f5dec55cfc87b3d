/**
 * What is cheaper done together at the end of a turn of the event loop, after everything that had
 * come was read: first the decisions of rules, then the writes, those that follow from the decisions
 * included. Reads, sandbox and writes each find their code and data in the caches then, and a
 * peer that the first write wakes finds the others when it comes to read.
 */
let decisions: (() => void)[] = [];
let writers: Writer[] = [];
let lasts: (() => void)[] = [];
let scheduled = false;

export interface Writer {
  /** Writes what waits to be written, if there still is any. */
  writeHeld(): void;
}

/** What is added while the decisions of a turn are made waits for the next one: others want their turn. */
export function decideAtEndOfTurn(decide: () => void): void {
  decisions.push(decide);
  schedule();
}

/** To be called once until `writeHeld` is. */
export function writeAtEndOfTurn(writer: Writer): void {
  writers.push(writer);
  schedule();
}

/** For what nobody waits for: when the writes of this turn are done. */
export function afterWrites(run: () => void): void {
  lasts.push(run);
  schedule();
}

/** For what follows from something that held up the event loop: those that came in the meantime are read, decided and answered first. */
export function afterNextTurn(run: () => void): void {
  // The first one may run before the end of that turn, the second one cannot.
  setImmediate(() => setImmediate(run));
}

function schedule(): void {
  if (scheduled) return;
  scheduled = true;
  // It runs when the poll phase of this turn is over.
  setImmediate(endTurn);
}

function endTurn(): void {
  try {
    const decide = decisions;
    decisions = [];
    for (const one of decide) one();
    const write = writers;
    writers = [];
    for (const writer of write) writer.writeHeld();
    if (lasts.length > 0) runLasts();
  } finally {
    scheduled = false;
    if (decisions.length > 0 || writers.length > 0 || lasts.length > 0) schedule();
  }
}

function runLasts(): void {
  const last = lasts;
  lasts = [];
  for (const run of last) run();
}
