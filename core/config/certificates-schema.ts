import { z } from 'zod';
import { DEFAULTS } from './defaults.ts';
import * as field from './fields.ts';
import { expectedFound } from './finding.ts';
import { secret } from './secret.ts';
import { serverName } from './server-name.ts';

/** The part of the config schema that describes what Tidegate obtains or makes by itself. */

/** What CAs put in one certificate at most. */
const MOST_NAMES = 100;

const HTTPS = 'a URL that begins with "https://"';
const directory = z
  .string({ error: field.wants(HTTPS) })
  // RFC 8555 6.1
  .refine((text) => URL.parse(text)?.protocol === 'https:', { error: field.wants(HTTPS) });

const email = z
  .string({ error: field.wants('an e-mail address') })
  // RFC 8555 7.3: one address and no header fields in a mailto URL.
  .regex(/^[^\s@,?&]+@[^\s@,?&]+$/, { error: field.wants('an e-mail address') });

const issuerShape = {
  directory: directory.prefault(DEFAULTS.acme.directory).describe("The URL of the CA's directory."),
  caFile: field.path
    .optional()
    .describe(
      "The authorities that the CA's own server must prove itself by, PEM. Without it: the system's.",
    ),
  email: z
    .union([email, field.list(email).min(1, { error: 'expected at least one address, found none' })], {
      error: field.wants('an e-mail address, or a list of them'),
    })
    .optional()
    .describe('Where the CA may write to.'),
  externalAccount: field
    .object({
      keyId: field.text('the id of a key').describe('As the CA gave it.'),
      hmacKey: secret.describe('As the CA gave it, in base64url.'),
    })
    .optional()
    .describe('What ties the account to one that the CA has already (RFC 8555 7.3.4).'),
  profile: field
    .text("the CA's name for a profile")
    .optional()
    .describe("The CA's name for a kind of certificate."),
  preferredChain: field
    .text('the common name of an issuer')
    .optional()
    .describe('Common name of the issuer that the chain should lead to, where the CA has several.'),
};

const keyType = field.choice(['ecdsa-p256', 'ecdsa-p384', 'rsa-2048', 'rsa-4096']);
const challenge = field.choice(['http-01', 'tls-alpn-01', 'dns-01']);

const propagationTimeout = field
  .duration()
  .prefault(DEFAULTS.dns.propagationTimeout)
  .describe('How long a record may take until it is seen.');

const dnsUpdate = field.object({
  type: z
    .literal('update', { error: field.wants('"update" or "command"') })
    .describe('By updates of RFC 2136.'),
  server: field.connectAddress().describe('The server that takes updates: `10.0.0.53:53`.'),
  zone: serverName.optional().describe('Without it: found by asking for the SOA record.'),
  tsig: field
    .object({
      name: serverName.describe('The name of the key.'),
      algorithm: field
        .choice(['hmac-sha256', 'hmac-sha384', 'hmac-sha512'])
        .prefault(DEFAULTS.dns.tsigAlgorithm)
        .describe('As the server has it for the key.'),
      secret: secret.describe('The key, in base64.'),
    })
    .optional()
    .describe('The key that updates are signed with (RFC 8945).'),
  ttl: field.duration(1000).prefault(DEFAULTS.dns.ttl).describe('Of the records.'),
  propagationTimeout,
});

const dnsCommand = field.object({
  type: z.literal('command', { error: field.wants('"update" or "command"') }).describe('By a program.'),
  command: field
    .list(field.text('a word of a command'))
    .min(1, { error: 'expected a program and its arguments, found none' })
    .describe(
      'Program and arguments, started without a shell; `present RECORD-NAME VALUE` or `remove RECORD-NAME VALUE` come behind.',
    ),
  timeout: field.duration().prefault(DEFAULTS.dns.commandTimeout).describe('For one run.'),
  propagationTimeout,
});

const termsShape = {
  ...issuerShape,
  fallback: field
    .list(field.object({ ...issuerShape, directory: directory.describe("The URL of the CA's directory.") }))
    .max(8, { error: 'expected at most 8 CAs, found more' })
    .prefault([])
    .describe(
      'CAs that are asked, in this order, when those before have failed; `email` is that of the first unless it has its own.',
    ),
  keyTypes: field
    .list(keyType)
    .min(1, { error: 'expected at least one type of key, found none' })
    .prefault([...DEFAULTS.acme.keyTypes])
    .describe('One certificate is obtained for each.'),
  challenges: field
    .list(challenge)
    .min(1, { error: 'expected at least one challenge, found none' })
    .optional()
    .describe(
      'How names are proved; the first that is possible is tried first. Without it: `http-01`, `tls-alpn-01`, and `dns-01` where there is `dns`.',
    ),
  dns: z
    .discriminatedUnion('type', [dnsUpdate, dnsCommand], {
      error: ({ input }) =>
        typeof input === 'object' && input !== null
          ? 'expected it to be "update" or "command"'
          : expectedFound('an object with `type`', input),
    })
    .optional()
    .describe('Who writes the records of `dns-01`, which wildcards need.'),
  mustStaple: field.flag
    .prefault(false)
    .describe('Ask for certificates that are good only with an OCSP staple (RFC 7633).'),
};

const acmeTerms = field.object(termsShape);

const domain = z.union(
  [
    serverName,
    field
      .list(serverName)
      .min(1, { error: 'expected at least one name, found none' })
      .max(MOST_NAMES, { error: `expected at most ${MOST_NAMES} names in one certificate, found more` }),
  ],
  { error: field.wants('a name like "example.com", or a list of names') },
);

export const acme = field.object({
  ...termsShape,
  domains: field
    .list(domain)
    .prefault([])
    .describe('Names with a certificate each; a list in the list is one certificate with all of its names.'),
});

const ASK = 'a list of names, a URL, or "rule"';
const ask = z.union(
  [
    field.list(serverName).min(1, { error: 'expected at least one name, found none' }),
    field
      .readText(ASK, (text) => {
        const protocol = text === 'rule' ? null : URL.parse(text)?.protocol;
        return protocol === null || protocol === 'http:' || protocol === 'https:'
          ? { ok: true, value: text }
          : { ok: false, problem: expectedFound(ASK, text) };
      })
      .meta({ title: 'URL or `"rule"`' }),
  ],
  { error: field.wants(ASK) },
);

export const onDemand = field.object({
  ask: ask.describe(
    "Who says whether a name may have a certificate: a list of names; a URL that is asked with `?domain=NAME`, where 200 is yes; or `rule`, the `certificate` handler of the listener's rule script.",
  ),
  askTimeout: field.duration().prefault(DEFAULTS.onDemand.askTimeout).describe('How long the URL may take.'),
  acme: acmeTerms
    .optional()
    .describe('On what terms. Without it: those of `acme`, of the first one in a list.'),
  rate: field
    .object({
      orders: field
        .integer(1, 1_000_000)
        .prefault(DEFAULTS.onDemand.rate.orders)
        .describe('New orders in the time `per`, of all names together.'),
      per: field
        .duration(1000)
        .prefault(DEFAULTS.onDemand.rate.per)
        .describe('The time that `orders` is about.'),
    })
    .prefault({}),
  concurrency: field.integer(1, 1000).prefault(DEFAULTS.onDemand.concurrency).describe('Orders under way.'),
  negativeCache: field
    .duration(1000)
    .prefault(DEFAULTS.onDemand.negativeCache)
    .describe('How long a name that was denied or failed is not asked about again.'),
  maxNames: field
    .integer(1, 1_000_000)
    .prefault(DEFAULTS.onDemand.maxNames)
    .describe('How many names may have certificates by this way.'),
});

const acmeList = field.list(acme).min(1, { error: 'expected at least one object, found none' });

export const certificates = field.object({
  storage: field.path
    .prefault(DEFAULTS.certificates.storage)
    .describe('The folder that accounts, keys and certificates are kept in, relative to the config file.'),
  acme: z
    .union([acme, acmeList], { error: field.wants('an object with `domains`, or a list of such') })
    .optional()
    .describe("Certificates from a CA that speaks ACME (RFC 8555), Let's Encrypt for one."),
  onDemand: onDemand.optional().describe('Certificates obtained in the first handshake for a name.'),
  selfSigned: field
    .list(serverName)
    .prefault([])
    .describe("Names with certificates from a root of this installation's own, for development."),
});

export type CertificatesFile = z.output<typeof certificates>;
export type AcmeFile = z.output<typeof acme>;
export type AcmeTermsFile = z.output<typeof acmeTerms>;
export type OnDemandFile = z.output<typeof onDemand>;

/** Those of `acme` with their paths. */
export function acmeRows<Row>(
  given: Row | readonly Row[] | undefined,
): { readonly row: Row; readonly path: readonly PropertyKey[] }[] {
  if (given === undefined) return [];
  if (isList(given)) return given.map((row, index) => ({ row, path: ['certificates', 'acme', index] }));
  return [{ row: given, path: ['certificates', 'acme'] }];
}

function isList<Row>(given: Row | readonly Row[]): given is readonly Row[] {
  return Array.isArray(given);
}

/** `onDemand.acme` without any of its keys. */
export function defaultTerms(): AcmeTermsFile {
  return acmeTerms.parse({});
}
