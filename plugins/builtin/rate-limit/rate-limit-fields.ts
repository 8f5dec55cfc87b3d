import type { Counter, Limit } from './counter.ts';

/** draft-ietf-httpapi-ratelimit-headers-11, 3: what the limits are. */
export function policyField(limits: readonly Limit[]): string {
  return limits
    .map(({ name, requests, perMs }) => {
      // the window is in whole seconds, and no window at all for less (3.1.3)
      const window = perMs % 1000 === 0 ? `;w=${perMs / 1000}` : '';
      return `"${name}";q=${requests}${window}`;
    })
    .join(', ');
}

/**
 * The same, 4: what is left of them. `t` is when all is left again, so that who spreads what is left over it keeps to the rate;
 * where nothing is left it is when there is something again, as in Retry-After.
 */
export function limitField(limits: readonly Limit[], counters: readonly Counter[], now: number): string {
  return limits
    .map(({ name, requests }, i) => {
      const counter = counters[i];
      if (counter === undefined) return `"${name}";r=${requests}`;
      const left = Math.max(0, Math.floor(counter.left(now) + 1e-6));
      const ms = left === 0 ? counter.waitMs(now) : counter.usedForMs(now);
      return `"${name}";r=${left};t=${Math.ceil(ms / 1000)}`;
    })
    .join(', ');
}
