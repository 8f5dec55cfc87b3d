import { X509Certificate } from 'node:crypto';

import * as x509 from '@peculiar/x509';
import { z } from 'zod';
import type { Answer } from './acme-session.ts';
import { IssuerError, type RenewalInfo } from './issuer.ts';

const SHORTEST_LOOK_MS = 60_000;
const LONGEST_LOOK_MS = 24 * 3_600_000;
/** RFC 9773 4.3.3 recommends it where the CA says nothing. */
const USUAL_LOOK_MS = 6 * 3_600_000;

const renewalInfo = z.object({
  suggestedWindow: z.object({ start: z.coerce.date(), end: z.coerce.date() }),
  explanationURL: z.string().max(1000).optional().catch(undefined),
});

/** What a CA calls a certificate (RFC 9773 4.1). null: it has no authority key identifier, so that it has no such name. */
export function certificateId(cert: string): string | null {
  const keyId = new x509.X509Certificate(cert).getExtension(x509.AuthorityKeyIdentifierExtension)?.keyId;
  if (keyId === undefined) return null;
  const serial = new X509Certificate(cert).serialNumber;
  const even = serial.length % 2 === 0 ? serial : `0${serial}`;
  // As in DER, where a first bit that is set would make it negative.
  const bytes = Buffer.from(/^[89a-f]/i.test(even) ? `00${even}` : even, 'hex');
  return `${Buffer.from(keyId, 'hex').toString('base64url')}.${bytes.toString('base64url')}`;
}

/** @throws IssuerError */
export function readRenewalInfo({ value, retryAfterMs }: Answer<unknown>): RenewalInfo {
  const result = renewalInfo.safeParse(value);
  // RFC 9773 4.2: a window that does not end after its start is none.
  if (!result.success || result.data.suggestedWindow.end <= result.data.suggestedWindow.start)
    throw new IssuerError('bad-answer', 'the CA sent renewal information that cannot be used');
  const { suggestedWindow, explanationURL = null } = result.data;
  return {
    ...suggestedWindow,
    explanationUrl: explanationURL,
    retryAfterMs: Math.min(Math.max(retryAfterMs ?? USUAL_LOOK_MS, SHORTEST_LOOK_MS), LONGEST_LOOK_MS),
  };
}
