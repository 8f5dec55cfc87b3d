import { z } from 'zod';

const count = z.number().nonnegative();

const auditRow = z.object({
  address: z.string(),
  /** Requests that the scheduler sent there in the window. */
  requests: count,
  /** Of sticky clients, which are left out. */
  sticky: count,
  /** Chosen by a rule's `pick`, and retries; left out, too. */
  other: count,
  /** What weights and scheduler should have given it of `requests`; null: it takes none, or nothing is to be expected. */
  expected: count.nullable(),
  /** What there is to say of it. */
  causes: z.array(z.string()).readonly(),
});
export type AuditRow = Readonly<z.infer<typeof auditRow>>;

/** The answer to `GET /backends/audit?upstream=NAME&window=MS`. */
export const backendAudit = z.object({
  upstream: z.string(),
  scheduler: z.string(),
  windowMs: count,
  /** `unknown`: there were too few requests, or the scheduler goes by something else than weights. */
  verdict: z.enum(['even', 'uneven', 'unknown']),
  /** Why, in words. */
  reason: z.string(),
  rows: z.array(auditRow).readonly(),
});
export type BackendAudit = Readonly<z.infer<typeof backendAudit>>;
