import { z } from 'zod';

import * as field from '../config/fields.ts';

const name = field.text('a name that a certificate is for');
const pem = field.text('PEM');

export const revocationReasons = [
  'unspecified',
  'keyCompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
] as const;

export const accountActions = ['show', 'rollover', 'update', 'deactivate'] as const;

/** What `POST /certificates` takes. */
export const certificateCommand = z.discriminatedUnion(
  'action',
  [
    field.object({ action: z.literal('renew'), name, force: field.flag.prefault(false) }),
    field.object({ action: z.literal('import'), cert: pem, key: pem }),
    field.object({ action: z.literal('export'), name, key: field.flag.prefault(false) }),
    field.object({ action: z.literal('revoke'), name, reason: field.choice(revocationReasons) }),
    field.object({
      action: z.literal('account'),
      do: field.choice(accountActions),
      /** URL of the CA's directory; without it: the only one. */
      ca: field.text("the URL of a CA's directory").optional(),
    }),
  ],
  {
    error: ({ input }) =>
      typeof input === 'object' && input !== null
        ? 'expected one of "renew", "import", "export", "revoke", "account" as `action`'
        : 'expected an object with `action`',
  },
);
export type CertificateCommand = z.output<typeof certificateCommand>;
export type CertificateCommandInput = z.input<typeof certificateCommand>;

const account = z.object({
  directory: z.string(),
  status: z.enum(['valid', 'deactivated', 'revoked', 'none', 'unknown']),
  url: z.string().nullable(),
  contact: z.array(z.string()).readonly(),
  /** Why the CA could not be asked. */
  problem: z.string().nullable(),
});
export type AccountRow = Readonly<z.infer<typeof account>>;

const exported = z.object({
  name: z.string(),
  keyType: z.string(),
  /** PEM: the leaf, then its chain. */
  cert: z.string(),
  /** PEM; null: it was not asked for. */
  key: z.string().nullable(),
});
export type ExportedRow = Readonly<z.infer<typeof exported>>;

/** What became of it. */
export const certificateReport = z.object({
  ok: z.boolean(),
  /** Why it was refused, or what failed; empty when nothing was. */
  problems: z.array(z.string()).readonly(),
  warnings: z.array(z.string()).readonly(),
  /** What is different now, one text each. */
  changes: z.array(z.string()).readonly(),
  /** For `export`. */
  exported: z.array(exported).readonly(),
  /** For `account` with `show`. */
  accounts: z.array(account).readonly(),
});
export type CertificateReport = Readonly<z.infer<typeof certificateReport>>;
