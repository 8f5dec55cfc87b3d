import { z } from 'zod';

const count = z.number().nonnegative();

/** A certificate that is kept valid. Times are epoch milliseconds. */
export const certificateRow = z.object({
  /** `unused`: it is in the storage, and nothing of the config asks for it. */
  kind: z.enum(['managed', 'on-demand', 'imported', 'self-signed', 'unused']),
  /** What it is to serve. */
  names: z.array(z.string()).readonly(),
  keyType: z.string(),
  /** null where there is none yet: a placeholder is served. */
  certificate: z
    .object({
      /** URL of a CA's directory, `imported`, `self-signed` or `unknown`. */
      issuer: z.string(),
      serial: z.string(),
      notBefore: z.number(),
      notAfter: z.number(),
    })
    .nullable(),
  /** `near`: its end is, and it was not renewed. `early`: it is not valid yet. */
  standing: z.enum(['missing', 'early', 'fine', 'near', 'expired']),
  isOrdering: z.boolean(),
  /** When the next order is due; null for those that are not ordered. */
  nextOrderAt: count.nullable(),
  lastError: z.object({ at: count, message: z.string() }).nullable(),
});
export type CertificateRow = Readonly<z.infer<typeof certificateRow>>;
