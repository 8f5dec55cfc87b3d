import { DEFAULTS } from './defaults.ts';
import * as field from './fields.ts';
import { serverName } from './server-name.ts';
import { tlsPolicy } from './tls-policy-schema.ts';

/** The part of the config schema that describes the TLS of a listener. */

const certificate = field.object({
  cert: field.path.describe('The certificate with its chain, PEM, relative to the config file.'),
  key: field.path.describe('Its private key, PEM, without a passphrase.'),
  names: field
    .list(serverName)
    .min(1, { error: 'expected at least one name, found none' })
    .optional()
    .describe('The names that it serves. Without them: the DNS names in the certificate.'),
});

export const tls = field.object({
  certificates: field
    .list(certificate)
    .min(1, { error: 'expected at least one certificate, found none' })
    .optional()
    .describe(
      'Which one a client gets, the name it asks for (SNI) decides: exact before wildcard before `default`. Required unless there is `certificates` at the top level.',
    ),
  default: serverName
    .optional()
    .describe(
      'The name whose certificate clients get that ask for an unknown name or for none. Without it: the first certificate, those of files before those that Tidegate obtains.',
    ),
  unknownNames: field
    .choice(['default', 'refuse'])
    .prefault(DEFAULTS.tls.unknownNames)
    .describe('What a client gets that asks for an unknown name: the default certificate, or a TLS alert.'),
  ocspStapling: field.flag
    .prefault(DEFAULTS.tls.ocspStapling)
    .describe(
      'Clients get OCSP staples with those of `certificates` that name a responder and come with their issuer.',
    ),
  policy: tlsPolicy
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
    .describe('How long a key seals session tickets, at least 1m; it opens them for as long again.'),
  cache: field
    .integer(1, 1_000_000)
    .prefault(DEFAULTS.tls.cache)
    .describe('Certificates that a worker keeps ready for use.'),
});
