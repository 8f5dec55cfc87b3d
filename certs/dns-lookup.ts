import { lookup, Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';

export interface DnsServer {
  readonly host: string;
  readonly port: number;
}

/** Asks one server; null: those of the system. */
export async function resolverOf(server: DnsServer | null): Promise<Resolver> {
  const resolver = new Resolver({ timeout: 2000, tries: 2 });
  if (server === null) return resolver;
  const address = isIP(server.host) === 0 ? (await lookup(server.host)).address : server.host;
  resolver.setServers([addressWithPort(address, server.port)]);
  return resolver;
}

/** The zone that a name is in, as its server says. Throws an Error where it knows none. */
export async function zoneOf(name: string, server: DnsServer, signal: AbortSignal): Promise<string> {
  const resolver = await resolverOf(server);
  for (const candidate of withParents(name)) {
    signal.throwIfAborted();
    if ((await orNone(resolver.resolveSoa(candidate))) !== null) return candidate;
  }
  throw new Error(`the DNS server ${server.host}:${server.port} has no zone that ${name} is in`);
}

/** Where the TXT records of a name really are (RFC 8555 8.4: the CA follows CNAME records). Bounded. */
export async function followAliases(name: string, servers: readonly (DnsServer | null)[]): Promise<string> {
  const resolvers = await Promise.all(servers.map(resolverOf));
  const seen = [name];
  for (let at = name; seen.length <= 8; seen.push(at)) {
    const target = await aliasOf(at, resolvers);
    if (target === null) return at;
    at = target.replace(/\.$/, '').toLowerCase();
  }
  throw new Error(`more than eight CNAME records, one after another, from ${name} on`);
}

/** Of the first resolver that answers for this name. */
async function aliasOf(name: string, resolvers: readonly Resolver[]): Promise<string | null> {
  let failure: unknown = null;
  for (const resolver of resolvers)
    try {
      return (await orNone(resolver.resolveCname(name)))?.[0] ?? null;
    } catch (error) {
      failure = error;
    }
  throw new Error(`the CNAME record of ${name} cannot be asked for: ${codeOf(failure)}`, { cause: failure });
}

/** One for each name server of the zone that a name is in; empty where there are none to be found. */
export async function authoritativeResolvers(name: string, resolver: Resolver): Promise<Resolver[]> {
  for (const candidate of withParents(name)) {
    const servers = await orNone(resolver.resolveNs(candidate));
    if (servers === null || servers.length === 0) continue;
    const found = await Promise.all(
      servers.slice(0, 13).map(async (server) => {
        const addresses = [
          ...((await orNone(resolver.resolve4(server))) ?? []),
          ...((await orNone(resolver.resolve6(server))) ?? []),
        ];
        if (addresses.length === 0) return [];
        const one = new Resolver({ timeout: 2000, tries: 2 });
        one.setServers(addresses.map((address) => addressWithPort(address, 53)));
        return [one];
      }),
    );
    return found.flat();
  }
  return [];
}

/** Whether there is this TXT record; null: the server gave no answer. */
export async function hasTxt(resolver: Resolver, name: string, value: string): Promise<boolean | null> {
  try {
    const records = (await orNone(resolver.resolveTxt(name))) ?? [];
    return records.some((pieces) => pieces.join('') === value);
  } catch {
    return null;
  }
}

async function orNone<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (['ENODATA', 'ENOTFOUND'].includes(codeOf(error))) return null;
    throw error;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

function withParents(name: string): string[] {
  const labels = name.split('.');
  return labels.map((_, index) => labels.slice(index).join('.'));
}

function addressWithPort(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
