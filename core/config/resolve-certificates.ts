import { resolve } from 'node:path';
import { acmeRows, defaultTerms } from './certificates-schema.ts';
import type { AcmeTermsFile, CertificatesFile, OnDemandFile } from './certificates-schema.ts';
import { secretText } from './secret.ts';
import type {
  AcmeIssuerConfig,
  CertificatesConfig,
  ChallengeType,
  DnsConfig,
  OnDemandConfig,
  OrderConfig,
} from '../shared/certificates-config.ts';

/** What the files and environment variables that a config names hold; by absolute path, or `secretKey`. */
type Texts = ReadonlyMap<string, string>;

export function resolveCertificates(
  given: CertificatesFile | undefined,
  folder: string,
  texts: Texts,
): CertificatesConfig | null {
  if (given === undefined) return null;
  const rows = acmeRows(given.acme).map(({ row }) => ({ row, order: resolveOrder(row, folder, texts) }));
  return {
    storage: resolve(folder, given.storage),
    managed: rows.flatMap(({ row, order }) =>
      row.domains.map((domain) => ({
        names: typeof domain === 'string' ? [domain] : [...new Set(domain)],
        order,
      })),
    ),
    onDemand:
      given.onDemand === undefined ? null : resolveOnDemand(given.onDemand, rows[0]?.order, folder, texts),
    selfSigned: [...new Set(given.selfSigned)],
  };
}

function resolveOnDemand(
  given: OnDemandFile,
  ofAcme: OrderConfig | undefined,
  folder: string,
  texts: Texts,
): OnDemandConfig {
  const { ask } = given;
  const order = given.acme === undefined ? ofAcme : resolveOrder(given.acme, folder, texts);
  return {
    ask:
      typeof ask !== 'string'
        ? { kind: 'names', names: ask }
        : ask === 'rule'
          ? { kind: 'rule' }
          : { kind: 'url', url: ask, timeoutMs: given.askTimeout },
    order: order ?? resolveOrder(defaultTerms(), folder, texts),
    rate: { orders: given.rate.orders, perMs: given.rate.per },
    concurrency: given.concurrency,
    negativeCacheMs: given.negativeCache,
    maxNames: given.maxNames,
  };
}

function resolveOrder(given: AcmeTermsFile, folder: string, texts: Texts): OrderConfig {
  const fallback = given.fallback.map((issuer) => ({ ...issuer, email: issuer.email ?? given.email }));
  return {
    issuers: [given, ...fallback].map((issuer) => resolveIssuer(issuer, folder, texts)),
    keyTypes: [...new Set(given.keyTypes)],
    challenges: challengesOf(given),
    dns: given.dns === undefined ? null : resolveDns(given.dns, folder, texts),
    mustStaple: given.mustStaple,
  };
}

export function challengesOf({
  challenges,
  dns,
}: Pick<AcmeTermsFile, 'challenges' | 'dns'>): ChallengeType[] {
  if (challenges !== undefined) return [...new Set(challenges)];
  return ['http-01', 'tls-alpn-01', ...(dns === undefined ? [] : ['dns-01' as const])];
}

function resolveIssuer(
  given: Omit<AcmeTermsFile['fallback'][number], 'directory'> & { readonly directory: string },
  folder: string,
  texts: Texts,
): AcmeIssuerConfig {
  const { email, externalAccount } = given;
  return {
    directory: given.directory,
    ca: given.caFile === undefined ? null : (texts.get(resolve(folder, given.caFile)) ?? null),
    contact: (email === undefined ? [] : [email].flat()).map((address) => `mailto:${address}`),
    externalAccount:
      externalAccount === undefined
        ? null
        : { keyId: externalAccount.keyId, hmacKey: secretText(externalAccount.hmacKey, folder, texts) },
    profile: given.profile ?? null,
    preferredChain: given.preferredChain ?? null,
  };
}

function resolveDns(given: NonNullable<AcmeTermsFile['dns']>, folder: string, texts: Texts): DnsConfig {
  const { propagationTimeout: propagationTimeoutMs } = given;
  if (given.type === 'command') {
    const [program = '', ...args] = given.command;
    return {
      kind: 'command',
      command: [program.includes('/') ? resolve(folder, program) : program, ...args],
      timeoutMs: given.timeout,
      propagationTimeoutMs,
    };
  }
  const { parsed } = given.server;
  return {
    kind: 'update',
    // A Unix socket is refused by the cross-checks.
    server: parsed.kind === 'tcp' ? { host: parsed.host, port: parsed.port } : { host: '', port: 0 },
    zone: given.zone ?? null,
    tsig:
      given.tsig === undefined
        ? null
        : {
            name: given.tsig.name,
            algorithm: given.tsig.algorithm,
            secret: secretText(given.tsig.secret, folder, texts),
          },
    ttl: Math.ceil(given.ttl / 1000),
    propagationTimeoutMs,
  };
}
