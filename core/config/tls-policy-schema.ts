import { createSecureContext } from 'node:tls';
import { z } from 'zod';
import { DEFAULTS } from './defaults.ts';
import * as field from './fields.ts';
import { didYouMean } from '../shared/nearest-name.ts';
import { TLS_POLICIES, type TlsPolicy } from '../shared/tls-policy.ts';

/** The part of the config schema that says which TLS is spoken, by listeners and to backends. */

export const tlsVersion = field.choice(['TLSv1.2', 'TLSv1.3']);

const custom = field
  .object({
    minVersion: tlsVersion.prefault(DEFAULTS.tls.minVersion).describe('The oldest version that is spoken.'),
    maxVersion: tlsVersion.prefault(DEFAULTS.tls.maxVersion).describe('The newest version that is spoken.'),
    ciphers: field
      .list(field.text('the name of a cipher suite'))
      .min(1, { error: 'expected at least one cipher suite, found none' })
      .prefault([...TLS_POLICIES.intermediate.ciphers])
      .describe("Cipher suites by OpenSSL's names."),
    groups: field
      .list(field.text('the name of a group'))
      .min(1, { error: 'expected at least one group, found none' })
      .prefault([...TLS_POLICIES.intermediate.groups])
      .describe("Key exchange groups by OpenSSL's names, the preferred one first."),
  })
  .superRefine((policy, context) => {
    const problem = policyProblem(policy);
    if (problem !== null) context.addIssue({ code: 'custom', ...problem });
  });

const policyNames = Object.keys(TLS_POLICIES);

/** A policy by its name, or an object of one's own. */
export const tlsPolicy = z.union([z.enum(['modern', 'intermediate']), custom], {
  error: ({ input }) =>
    typeof input === 'string'
      ? `expected "modern", "intermediate" or an object of your own, found "${input}"${didYouMean(input, policyNames)}`
      : field.wants('"modern", "intermediate", or an object with versions, ciphers and groups')({ input }),
});

/** → what the name stands for. */
export function resolveTlsPolicy(policy: z.output<typeof tlsPolicy>): TlsPolicy {
  return typeof policy === 'string' ? TLS_POLICIES[policy] : policy;
}

/** Asks OpenSSL, which alone knows what it knows. */
function policyProblem(wanted: TlsPolicy): { path: string[]; message: string } | null {
  if (wanted.minVersion > wanted.maxVersion)
    return {
      path: ['minVersion'],
      message: `expected a version up to maxVersion (${wanted.maxVersion}), found "${wanted.minVersion}"`,
    };
  for (const cipher of wanted.ciphers) {
    // In OpenSSL's language of cipher lists these are no names.
    if (!/^[\w-]+$/.test(cipher) || isRefused({ ciphers: cipher }))
      return { path: ['ciphers'], message: `expected cipher suites that OpenSSL knows, found "${cipher}"` };
  }
  for (const group of wanted.groups) {
    if (!/^[\w-]+$/.test(group) || isRefused({ ecdhCurve: group }))
      return { path: ['groups'], message: `expected groups that OpenSSL knows, found "${group}"` };
  }
  return null;
}

function isRefused(options: { ciphers: string } | { ecdhCurve: string }): boolean {
  try {
    // Without authorities of its own: the system's would be read.
    createSecureContext({ ...options, ca: [] });
    return false;
  } catch {
    return true;
  }
}
