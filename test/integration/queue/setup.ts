import { expect } from 'vitest';
import type { RequestDecision, RuleScript } from '../../../core/shared/rule-script.ts';
import { isPriority } from '../../../core/shared/priority.ts';
import type { DataPath } from '../../support/data-path.ts';
import { poll } from '../../support/poll.ts';
import { ok, startRawBackend, type RawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get, type RawClient } from '../../support/raw-client.ts';
import { site, startProxy } from '../http1/setup.ts';

export interface Crowd {
  readonly proxy: DataPath;
  readonly servers: readonly RawBackend[];
  /** Targets in the order in which they reached a backend. */
  readonly order: string[];
}

/** A proxy in front of backends that answer no request until `answer` is called. */
export async function startCrowd(settings: object, backends = 1, rules?: RuleScript): Promise<Crowd> {
  const order: string[] = [];
  const servers = await Promise.all(
    Array.from({ length: backends }, () => startRawBackend((request) => void order.push(request.target))),
  );
  const proxy = await startProxy({
    upstreams: site(
      servers.map(({ port }) => port),
      // Longer than a test: only what a test does ends a wait.
      { maxConnections: 1, queue: { timeout: '1h' }, ...settings },
    ),
    ...(rules === undefined ? {} : { rules }),
  });
  return { proxy, servers, order };
}

/** Sends a request and waits until so many wait in line, or (`waiting` as before) it has reached a backend. */
export async function send(crowd: Crowd, target: string, ...lines: readonly string[]): Promise<RawClient> {
  const client = await connectRaw(crowd.proxy.port);
  const before = waiting(crowd) + crowd.order.length;
  client.send(get(target, ...lines));
  await poll(() => waiting(crowd) + crowd.order.length > before);
  return client;
}

export function waiting({ proxy }: Crowd): number {
  return proxy.upstreams.get('site')?.queue.length ?? -1;
}

/** Answers the request of this target, and any later one whose place that frees if `next` is given: waits until it is there. */
export async function answer(crowd: Crowd, target: string, next?: string): Promise<void> {
  const request = crowd.servers.flatMap(({ requests }) => requests).find((each) => each.target === target);
  expect(request).toBeDefined();
  request?.reply(ok(target));
  if (next !== undefined) await poll(() => crowd.order.includes(next));
}

/** Forwards every request to `site` with the priority that its header says. */
export function byHeader(): RuleScript {
  const decide = (head: string): RequestDecision => {
    const priority = /x-priority: (\w+)/i.exec(head)?.[1];
    const forward = { kind: 'forward', upstream: 'site', target: null, host: null, edits: [] } as const;
    return isPriority(priority) ? { ...forward, priority } : forward;
  };
  return {
    id: 'test',
    file: 'test',
    handles: { connect: false, request: true, response: false, log: false, pick: false, certificate: false },
    connect: () => ({ kind: 'next' }),
    decide: (request, taker) => taker.onDecision(decide(request.head)),
    response: () => null,
    log: () => true,
    pick: () => -1,
    certificate: () => false,
  };
}
