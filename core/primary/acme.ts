import { AcmeIssuer } from '../../certs/acme-issuer.ts';
import type { ChallengeBoard } from '../../certs/challenges.ts';
import { createDnsSolver } from '../../certs/dns-solver.ts';
import { FileStorage } from '../../certs/file-storage.ts';
import { Http01Solver } from '../../certs/http-01.ts';
import { CertificateManager } from '../../certs/manager.ts';
import { PostedChallenges } from '../../certs/posted-challenges.ts';
import { TlsAlpn01Solver } from '../../certs/tls-alpn-01.ts';
import { WatchedStorage } from '../../certs/watched-storage.ts';
import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from '../shared/log.ts';
import { ownListener, type BoundListener } from './own-listener.ts';

export interface AcmeParts {
  readonly log: Logger;
  readonly board: ChallengeBoard;
  /** Those that workers serve. */
  readonly listeners: () => readonly BoundListener[];
}

/** A manager whose issuers speak ACME, with what they need of this process. */
export function makeManager({ log, board, listeners }: AcmeParts, onChange: () => void): CertificateManager {
  const posted = new PostedChallenges(board);
  const solvers = [
    new Http01Solver(posted, () => ownListener(listeners(), 'http')),
    new TlsAlpn01Solver(posted, () => ownListener(listeners(), 'https')),
  ];
  return new CertificateManager({
    log,
    now: Date.now,
    random: Math.random,
    sleep,
    async openStorage(folder) {
      const storage = new FileStorage(folder);
      await storage.prepare();
      return new WatchedStorage(storage, log);
    },
    issuerFor: (config, { dns }, storage) =>
      new AcmeIssuer({
        config,
        storage,
        log,
        solvers: dns === null ? solvers : [...solvers, createDnsSolver(dns, null)],
      }),
    onChange,
  });
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  // Who wakes it by the signal means it.
  await wait(ms, undefined, { signal, ref: false }).catch(() => undefined);
}
