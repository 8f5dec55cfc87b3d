import { lookup, Resolver } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';

import { addressesInHosts } from './hosts-file.ts';

export type Family = 4 | 6;

/** What came of asking for a name. */
export interface NameAnswer {
  readonly addresses: readonly string[];
  /** How long the answer lives; null: its source does not say. */
  readonly ttlMs: number | null;
  /** Families about which nothing could be learnt; null: what is not in `addresses` does not exist. */
  readonly failed: { readonly families: readonly Family[]; readonly reason: string } | null;
}

/** Asks for the addresses of a name. Never rejects, and takes seconds at most. */
export type AskName = (name: string) => Promise<NameAnswer>;

/** Where names are looked up: this machine's own places, or a test's. */
export interface NameSources {
  readonly hostsFile: string;
  /** A new one each time: it reads the machine's DNS settings when it is made. */
  readonly createResolver: () => Pick<Resolver, 'resolve4' | 'resolve6'>;
  /** `getaddrinfo`: whatever else the machine is set up to ask. */
  readonly lookup: (name: string) => Promise<readonly { readonly address: string }[]>;
}

export const systemSources: NameSources = {
  hostsFile: '/etc/hosts',
  createResolver: () => new Resolver({ timeout: 1500, tries: 2 }),
  lookup: (name) => lookup(name, { all: true }),
};

/**
 * The hosts file first, as everywhere on a machine; then DNS, which says how long an answer lives; then
 * `getaddrinfo`, which knows search domains, mDNS and the rest.
 */
export function askFrom(sources: NameSources): AskName {
  return async (name) => {
    const inHosts = addressesInHosts(await readFile(sources.hostsFile, 'utf8').catch(() => ''), name);
    if (inHosts.length > 0) return { addresses: inHosts, ttlMs: null, failed: null };
    const resolver = sources.createResolver();
    const parts = await Promise.all([
      ask(4, resolver.resolve4(name, { ttl: true })),
      ask(6, resolver.resolve6(name, { ttl: true })),
    ]);
    const answer = join(parts);
    if (answer.addresses.length > 0) return answer;
    // It would ask the same silent servers, for longer, and hold one of the process's few threads meanwhile.
    if (parts.some(({ code }) => code === 'ETIMEOUT')) return answer;
    return lookUp(name, sources, answer);
  };
}

interface Part {
  readonly family: Family;
  readonly records: readonly { readonly address: string; readonly ttl: number }[];
  /** null: answered. */
  readonly code: string | null;
}

async function ask(family: Family, answer: Promise<Part['records']>): Promise<Part> {
  try {
    return { family, records: await answer, code: null };
  } catch (error) {
    return { family, records: [], code: codeOf(error) };
  }
}

/** The name exists without such an address, or does not exist at all: an answer too. */
const isNone = (code: string | null): boolean => code === 'ENODATA' || code === 'ENOTFOUND';

function join(parts: readonly Part[]): NameAnswer {
  const records = parts.flatMap((part) => part.records);
  const failed = parts.filter(({ code }) => code !== null && !isNone(code));
  return {
    addresses: records.map(({ address }) => address),
    ttlMs: records.length === 0 ? null : Math.min(...records.map(({ ttl }) => ttl)) * 1000,
    failed:
      failed.length === 0
        ? null
        : {
            families: failed.map(({ family }) => family),
            reason: failed.map(({ family, code }) => `${family === 4 ? 'A' : 'AAAA'}: ${code}`).join(', '),
          },
  };
}

async function lookUp(name: string, sources: NameSources, fromDns: NameAnswer): Promise<NameAnswer> {
  try {
    const found = await sources.lookup(name);
    return { addresses: found.map(({ address }) => address), ttlMs: null, failed: null };
  } catch (error) {
    const code = codeOf(error);
    if (isNone(code) || fromDns.failed !== null) return fromDns;
    return { addresses: [], ttlMs: null, failed: { families: [4, 6], reason: code } };
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
