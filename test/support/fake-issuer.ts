import {
  IssuerError,
  type CertificateRequest,
  type IssuedCertificate,
  type Issuer,
  type RenewalInfo,
} from '../../certs/issuer.ts';
import { openLocalRoot, type LocalRoot } from '../../certs/self-signed.ts';
import { MemoryStorage } from './memory-storage.ts';

const roots = new Map<string, Promise<LocalRoot>>();

/** Issues certificates of 30 days, or fails, as a test wants it. */
export class FakeIssuer implements Issuer {
  readonly directory: string;
  readonly requests: CertificateRequest[] = [];
  readonly revocations: { readonly cert: string; readonly key: string | null; readonly reason: number }[] =
    [];
  /** Orders under way, and the most that ever were. */
  running = 0;
  mostRunning = 0;
  /** What the next orders end with; null: a certificate. */
  failure: IssuerError | null = null;
  info: RenewalInfo | null = null;
  /** Another one than its usual. */
  issue: ((request: CertificateRequest) => Promise<IssuedCertificate>) | null = null;
  readonly #now: () => number;
  #gate: PromiseWithResolvers<void> | null = null;

  constructor(now: () => number, directory = 'https://ca.test/dir') {
    this.#now = now;
    this.directory = directory;
  }

  /** Orders wait from now on, until `letGo`. */
  hold(): void {
    this.#gate = Promise.withResolvers();
  }

  letGo(): void {
    this.#gate?.resolve();
    this.#gate = null;
  }

  async obtain(request: CertificateRequest, signal: AbortSignal): Promise<IssuedCertificate> {
    this.requests.push(request);
    this.running += 1;
    this.mostRunning = Math.max(this.mostRunning, this.running);
    try {
      await Promise.race([this.#gate?.promise, aborted(signal)]);
      if (this.failure !== null) throw this.failure;
      if (this.issue !== null) return await this.issue(request);
      const root = await rootOf(this.directory);
      return await root.issue(request.names, request.keyType, this.#now());
    } finally {
      this.running -= 1;
    }
  }

  async renewalInfo(): Promise<RenewalInfo | null> {
    return this.info;
  }

  async revoke(cert: string, key: string | null, reason: number): Promise<void> {
    this.revocations.push({ cert, key, reason });
  }

  readonly account = {
    status: async () => ({ status: 'none' as const, url: null, contact: [] }),
    rolloverKey: async () => undefined,
    updateContact: async () => undefined,
    deactivate: async () => undefined,
  };
}

function aborted(signal: AbortSignal): Promise<never> | undefined {
  if (signal.aborted) throw new IssuerError('aborted', 'aborted');
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => undefined);
  signal.addEventListener('abort', () => reject(new IssuerError('aborted', 'aborted')), { once: true });
  // Without a gate there is nothing to wait for.
  return promise;
}

function rootOf(directory: string): Promise<LocalRoot> {
  let root = roots.get(directory);
  if (root === undefined) {
    const opened = openLocalRoot(new MemoryStorage(), Date.now(), AbortSignal.timeout(10_000));
    root = opened.then(({ root: made }) => made);
    roots.set(directory, root);
  }
  return root;
}
