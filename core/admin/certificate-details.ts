import { z } from 'zod';

import { certificateRow } from './certificate-row.ts';

const time = z.number().nonnegative();

/** Times are epoch milliseconds. */
const details = z.object({
  subjectAltNames: z.array(z.string()).readonly(),
  /** SHA-256 of the leaf. */
  fingerprint256: z.string(),
  /** The leaf first. */
  chain: z
    .array(
      z.object({
        subject: z.string(),
        issuer: z.string(),
        serial: z.string(),
        notBefore: z.number(),
        notAfter: z.number(),
      }),
    )
    .readonly(),
  obtainedAt: time.nullable(),
  /** When the CA wants it to be renewed (RFC 9773), and the moment that was chosen. */
  window: z
    .object({ start: time, end: time, renewAt: time, explanationUrl: z.string().nullable() })
    .nullable(),
  /** URL of its OCSP responder. */
  responder: z.string().nullable(),
  mustStaple: z.boolean(),
  /** What handshakes carry now. */
  staple: z.object({ thisUpdate: time, nextUpdate: time }).nullable(),
});

const shownCertificate = certificateRow.extend({
  /** In the storage; null: it is made anew at each start, or there is none. */
  file: z.string().nullable(),
  details: details.nullable(),
});
export type ShownCertificate = Readonly<z.infer<typeof shownCertificate>>;

/** The answer to `GET /certificates?name=NAME`. */
export const certificateDetails = z.object({
  /** Absolute path of the storage. */
  storage: z.string(),
  certificates: z.array(shownCertificate).readonly(),
});
export type CertificateDetails = Readonly<z.infer<typeof certificateDetails>>;
