import { createSecureContext } from 'node:tls';
import { z } from 'zod';
import { DEFAULTS } from './defaults.ts';
import * as field from './fields.ts';
import { didYouMean } from '../shared/nearest-name.ts';
import { TLS_POLICIES, type TlsPolicy } from '../shared/tls-policy.ts';

/** The part of the config schema that describes the TLS of a listener. */

const SERVER_NAME =
  /^(?:\*\.)?(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

const serverName = field
  .readText('a host name', (input) => {
    const name = input.toLowerCase();
    return SERVER_NAME.test(name) && name.length <= 253
      ? { ok: true, value: name }
      : { ok: false, problem: `expected a name like "example.com" or "*.example.com", found "${input}"` };
  })
  .meta({ title: 'host name' });

const certificate = field.object({
  cert: field.path.describe('The certificate with its chain, PEM, relative to the config file.'),
  key: field.path.describe('Its private key, PEM, without a passphrase.'),
  names: field
    .list(serverName)
    .min(1, { error: 'expected at least one name, found none' })
    .optional()
    .describe('The names that it serves. Without them: the DNS names in the certificate.'),
});

const version = field.choice(['TLSv1.2', 'TLSv1.3']);

const custom = field
  .object({
    minVersion: version.prefault(DEFAULTS.tls.minVersion).describe('The oldest version that is spoken.'),
    maxVersion: version.prefault(DEFAULTS.tls.maxVersion).describe('The newest version that is spoken.'),
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

const policy = z.union([z.enum(['modern', 'intermediate']), custom], {
  error: ({ input }) =>
    typeof input === 'string'
      ? `expected "modern", "intermediate" or an object of your own, found "${input}"${didYouMean(input, policyNames)}`
      : field.wants('"modern", "intermediate", or an object with versions, ciphers and groups')({ input }),
});

export const tls = field.object({
  certificates: field
    .list(certificate)
    .min(1, { error: 'expected at least one certificate, found none' })
    .describe(
      'Which one a client gets, the name it asks for (SNI) decides: exact before wildcard before `default`.',
    ),
  default: serverName
    .optional()
    .describe(
      'The name whose certificate clients get that ask for an unknown name or for none. Without it: the first certificate.',
    ),
  unknownNames: field
    .choice(['default', 'refuse'])
    .prefault(DEFAULTS.tls.unknownNames)
    .describe('What a client gets that asks for an unknown name: the default certificate, or a TLS alert.'),
  policy: policy
    .prefault(DEFAULTS.tls.policy)
    .describe(
      'Versions, cipher suites and groups: those that Mozilla recommends under these names, or your own.',
    ),
  clientCertificates: field
    .object({
      mode: field
        .choice(['require', 'optional'])
        .describe(
          '`optional`: a client may do without, but one that does not verify is refused all the same.',
        ),
      ca: field.path.describe("The authorities that clients' certificates must come from, PEM."),
    })
    .optional()
    .describe('Clients are asked for a certificate of their own.'),
  handshakeTimeout: field
    .duration()
    .prefault(DEFAULTS.tls.handshakeTimeout)
    .describe('For a whole TLS handshake, from the accepting of the connection.'),
  maxHandshakes: field
    .integer(1, 1_000_000)
    .prefault(DEFAULTS.tls.maxHandshakes)
    .describe(
      'Handshakes under way in a worker; a connection beyond takes the place of one older than a second, or is closed at once.',
    ),
  ticketRotation: field
    .duration(60_000)
    .prefault(DEFAULTS.tls.ticketRotation)
    .describe('How long a key seals session tickets; it opens them for as long again.'),
  cache: field
    .integer(1, 1_000_000)
    .prefault(DEFAULTS.tls.cache)
    .describe('Certificates that a worker keeps ready for use.'),
});

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
