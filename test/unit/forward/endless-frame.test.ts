import { expect, test, vi } from 'vitest';
import type { TunnelEnd, TunnelEvents } from '../../../core/exchange/streams.ts';
import { Tunnel } from '../../../core/forward/tunnel.ts';

/** An end that only notes whether it was destroyed. */
class FakeEnd implements TunnelEnd {
  readonly readAhead = null;
  destroyed = false;
  #events: TunnelEvents | null = null;

  get events(): TunnelEvents {
    if (this.#events === null) throw new Error('not open');
    return this.#events;
  }

  open(events: TunnelEvents): void {
    this.#events = events;
  }

  write(): boolean {
    return true;
  }

  end(): void {}

  pause(): void {}

  resume(): void {}

  destroySoon(): void {
    this.destroyed = true;
  }

  destroy(): void {
    this.destroyed = true;
  }
}

test('a frame of 2^63 bytes that comes drop by drop holds up a drain for a minute, not for ever', () => {
  let now = 1000;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now);
  const [client, backend] = [new FakeEnd(), new FakeEnd()];
  const settings = { idleMs: 3_600_000, pingMs: null, connections: null, drainTimeoutMs: 0 };
  let error: string | null = null;
  const tunnel = new Tunnel(client, backend, settings, (ending) => (error = ending.error?.code ?? null));
  tunnel.open();
  client.events.onData(Buffer.from([0x82, 0xff, 0x7f, ...Array.from({ length: 7 }, () => 0xff), 0, 0, 0, 0]));
  tunnel.leave(Number.POSITIVE_INFINITY);
  while (!backend.destroyed && now < 200_000) {
    now += 1000;
    client.events.onData(Buffer.from('x'));
    if (now >= tunnel.deadlineMs) tunnel.onDeadline();
  }
  for (const { events } of [backend, client]) events.onClose(false);
  expect([now, client.destroyed, error]).toEqual([62_000, true, 'websocket-cut']);
  clock.mockRestore();
});
