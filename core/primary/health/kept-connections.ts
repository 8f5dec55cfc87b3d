import { readFileSync } from 'node:fs';
import type { CheckConnection } from './check-connection.ts';
import type { CheckTarget } from './probe.ts';

/** So many checks go over one connection: a backend that accepts no more is found out by the next one. */
const mostChecks = 5;
/** With longer intervals there is little to save, and what lies between may have forgotten the connection. */
export const longestIntervalMs = 30_000;
/** Each is a file descriptor and some kilobytes. */
const mostKept = 10_000;
/** Of the file descriptors that the process may have. */
const mostShare = 0.5;

/** Connections of checks that wait for their next check, one for each. */
export class KeptConnections {
  readonly #byTarget = new Map<CheckTarget, CheckConnection>();
  readonly #most: number;
  readonly #random: () => number;
  readonly #seen = new WeakSet<CheckTarget>();

  /** `most`: how many at a time; `random`: below 1. */
  constructor(most = Math.min(mostKept, descriptorLimit() * mostShare), random: () => number = Math.random) {
    this.#most = most;
    this.#random = random;
  }

  /** null: the check needs a new one. */
  take(target: CheckTarget): CheckConnection | null {
    const connection = this.#byTarget.get(target);
    if (connection === undefined) return null;
    this.#byTarget.delete(target);
    connection.onOver = null;
    if (connection.isIdle) return connection;
    connection.destroy();
    return null;
  }

  /** @returns whether it is kept, for now without its user having to be done with it; else it is to be closed */
  keep(target: CheckTarget, connection: CheckConnection): boolean {
    connection.checks += 1;
    if (!this.#seen.has(target)) {
      this.#seen.add(target);
      // Else those of all targets would come to their ends together, again and again.
      connection.checks += Math.floor(this.#random() * mostChecks);
    }
    if (connection.checks >= mostChecks || this.#byTarget.size >= this.#most) return false;
    this.#byTarget.set(target, connection);
    connection.onOver = () => this.#byTarget.delete(target);
    return true;
  }

  /** The next check of this target gets a new one. */
  drop(target: CheckTarget): void {
    this.#byTarget.get(target)?.destroy();
  }

  close(): void {
    for (const connection of this.#byTarget.values()) connection.destroy();
  }
}

/** Node has raised the soft limit to the hard one. */
function descriptorLimit(): number {
  try {
    const limits = readFileSync('/proc/self/limits', 'latin1');
    return Number(/^Max open files +(\d+) /m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
  } catch {
    // Not Linux.
    return Number.POSITIVE_INFINITY;
  }
}
