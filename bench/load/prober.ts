import { performance } from 'node:perf_hooks';
import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

export interface Probe {
  /** On the clock of performance.now(). */
  readonly sentMs: number;
  readonly answeredMs: number;
  /** Null: no answer, the connection broke. */
  readonly status: number | null;
}

/** Keeps asking `/` one request after the other on a few connections: what other clients notice of a fault. */
export class Prober {
  readonly probes: Probe[] = [];
  readonly #agent = new http.Agent({ keepAlive: true });
  readonly #port: number;
  readonly #loops: Promise<void>[];
  #stopped = false;

  constructor(port: number, connections: number) {
    this.#port = port;
    this.#loops = Array.from({ length: connections }, async () => this.#loop());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#loops);
    this.#agent.destroy();
  }

  /** The probes that were under way at some moment of this span. */
  during(fromMs: number, toMs: number): Probe[] {
    return this.probes.filter((probe) => probe.answeredMs >= fromMs && probe.sentMs <= toMs);
  }

  async #loop(): Promise<void> {
    while (!this.#stopped) {
      const sentMs = performance.now();
      const status = await ask(this.#port, '/', this.#agent);
      this.probes.push({ sentMs, answeredMs: performance.now(), status });
      await delay(1);
    }
  }
}

/** The status of one answer, or null when the connection broke or nothing came for ten seconds. */
export async function ask(port: number, path: string, agent: http.Agent | false): Promise<number | null> {
  return new Promise((resolve) => {
    const request = http.get({ host: '127.0.0.1', port, path, agent }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode ?? null));
      response.once('error', () => resolve(null));
    });
    request.setTimeout(10_000, () => request.destroy());
    request.once('error', () => resolve(null));
    request.once('close', () => resolve(null));
  });
}
