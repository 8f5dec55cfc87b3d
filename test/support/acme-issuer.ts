import { createServer } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createTlsServer, createSecureContext } from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { onTestFinished } from 'vitest';
import { AcmeIssuer } from '../../certs/acme-issuer.ts';
import type { ChallengeSolver } from '../../certs/challenges.ts';
import { FileStorage } from '../../certs/file-storage.ts';
import { Http01Solver } from '../../certs/http-01.ts';
import type { CertificateRequest } from '../../certs/issuer.ts';
import { PostedChallenges } from '../../certs/posted-challenges.ts';
import type { Storage } from '../../certs/storage.ts';
import { TlsAlpn01Solver } from '../../certs/tls-alpn-01.ts';
import type { AcmeIssuerConfig } from '../../core/shared/certificates-config.ts';
import type { Challenges } from '../../core/shared/challenges.ts';
import { certificate } from './certificates.ts';
import { listenForTest } from './listen.ts';
import type { Pebble } from './pebble.ts';
import { recordingLog, type LoggedLine } from './recording-log.ts';

export interface TestIssuer {
  readonly issuer: AcmeIssuer;
  readonly storage: Storage;
  readonly lines: readonly LoggedLine[];
  /** How often each kind of answer was given: `http`, `alpn`. */
  readonly asked: { http: number; alpn: number };
  /** Another one over the same storage, as after a restart, or over another. */
  readonly again: (changes?: Partial<AcmeIssuerConfig>, otherStorage?: Storage) => AcmeIssuer;
}

export interface TestIssuerOptions {
  readonly config?: Partial<AcmeIssuerConfig>;
  readonly storage?: Storage;
  /** More than `http-01` and `tls-alpn-01`, or other ones in their place. */
  readonly solvers?: readonly ChallengeSolver[];
  /** What the listeners answer instead of what was posted. */
  readonly spoil?: (challenges: Challenges) => Challenges;
}

/** An issuer over Pebble, whose challenges are answered by servers of this process. */
export async function testIssuer(
  pebble: Pick<Pebble, 'directory' | 'ca' | 'httpPort' | 'tlsPort'>,
  options: TestIssuerOptions = {},
): Promise<TestIssuer> {
  let posted: Challenges = { http: {}, alpn: {} };
  const asked = { http: 0, alpn: 0 };
  const challenges = new PostedChallenges({
    set: async (next) => {
      posted = options.spoil?.(next) ?? next;
    },
  });
  const http = createServer((incoming, outgoing) => {
    const token = incoming.url?.replace('/.well-known/acme-challenge/', '') ?? '';
    const found = posted.http[token];
    const isFor = found?.name === incoming.headers.host?.replace(/:\d+$/, '');
    if (found !== undefined && isFor) asked.http++;
    outgoing.statusCode = found === undefined || !isFor ? 404 : 200;
    outgoing.end(found?.answer);
  });
  await listenForTest(http, () => http.closeAllConnections(), '127.0.0.1', pebble.httpPort);
  const tls = createTlsServer({
    ...certificate('local'),
    ALPNProtocols: ['acme-tls/1'],
    SNICallback: (name, give) => {
      const found = posted.alpn[name];
      if (found !== undefined) asked.alpn++;
      give(null, found === undefined ? undefined : createSecureContext(found));
    },
  });
  tls.on('secureConnection', (socket) => {
    socket.on('error', () => {});
    socket.end();
  });
  await listenForTest(tls, () => {}, '127.0.0.1', pebble.tlsPort);
  const storage = options.storage ?? (await testStorage());
  const { log, lines } = recordingLog();
  const solvers = [
    ...(options.solvers ?? []),
    new Http01Solver(challenges, () => ({ host: '127.0.0.1', port: pebble.httpPort })),
    new TlsAlpn01Solver(challenges, () => ({ host: '127.0.0.1', port: pebble.tlsPort })),
  ];
  const again = (changes: Partial<AcmeIssuerConfig> = {}, otherStorage: Storage = storage): AcmeIssuer =>
    new AcmeIssuer({
      config: { ...testIssuerConfig(pebble), ...options.config, ...changes },
      storage: otherStorage,
      solvers,
      log,
    });
  return { issuer: again(), storage, lines, asked, again };
}

function testIssuerConfig(pebble: Pick<Pebble, 'directory' | 'ca'>): AcmeIssuerConfig {
  return {
    directory: pebble.directory,
    ca: pebble.ca,
    contact: ['mailto:ops@example.test'],
    externalAccount: null,
    profile: null,
    preferredChain: null,
  };
}

export function requestFor(
  names: readonly string[],
  changes: Partial<CertificateRequest> = {},
): CertificateRequest {
  return {
    names,
    keyType: 'ecdsa-p256',
    mustStaple: false,
    challenges: ['http-01'],
    replaces: null,
    ...changes,
  };
}

/** For requests that nobody takes back. */
export const notAborted = new AbortController().signal;

async function testStorage(): Promise<FileStorage> {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-storage-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return new FileStorage(folder);
}

/** What an attacker, or an owner at another machine, has in hand. */
export async function copyOf(storage: Storage): Promise<FileStorage> {
  const copy = await testStorage();
  for (const key of await storage.list('')) {
    const value = await storage.load(key);
    if (value !== null) await copy.store(key, value);
  }
  return copy;
}
