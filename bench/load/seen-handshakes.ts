import { fileURLToPath } from 'node:url';
import { z } from 'zod';

export const renewalClient = fileURLToPath(new URL('./renewal-client.ts', import.meta.url));

/**
 * What renewal-client.ts prints. `certificates`: by SHA-256 fingerprint; `lastAt`: when the last handshake that showed it was
 * begun, milliseconds since the epoch.
 */
const seenHandshakes = z.object({
  seconds: z.number(),
  certificates: z.record(z.string(), z.object({ count: z.number(), lastAt: z.number() })),
  errors: z.record(z.string(), z.number()),
});

export interface SeenHandshakes {
  /** The one that was seen last comes last. */
  readonly certificates: readonly { readonly count: number; readonly lastAt: number }[];
  /** Messages, with how often they came. */
  readonly errors: Readonly<Record<string, number>>;
  /** Handshakes that succeeded. */
  readonly perSecond: number;
}

/** What several of them have seen together. `outputs`: what each printed. */
export function seenTogether(outputs: readonly string[]): SeenHandshakes {
  const certificates = new Map<string, { count: number; lastAt: number }>();
  const errors: Record<string, number> = {};
  let perSecond = 0;
  for (const seen of outputs.map((output) => seenHandshakes.parse(JSON.parse(output)))) {
    for (const [fingerprint, { count, lastAt }] of Object.entries(seen.certificates)) {
      const before = certificates.get(fingerprint) ?? { count: 0, lastAt: 0 };
      certificates.set(fingerprint, {
        count: before.count + count,
        lastAt: Math.max(before.lastAt, lastAt),
      });
      perSecond += count / seen.seconds;
    }
    for (const [error, count] of Object.entries(seen.errors)) errors[error] = (errors[error] ?? 0) + count;
  }
  return {
    certificates: [...certificates.values()].toSorted((one, other) => one.lastAt - other.lastAt),
    errors,
    perSecond,
  };
}
