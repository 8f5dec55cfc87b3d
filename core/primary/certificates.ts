import type { CertificatePair } from '../../certs/certificate-pair.ts';
import { certificateOf, type CertificateSet } from '../../certs/certificate-set.ts';
import type { CertificateManager } from '../../certs/manager.ts';
import { StapleKeeper } from '../../certs/staple-keeper.ts';
import type { PrimaryMessage, WorkerMessage } from '../ipc/messages.ts';
import type { Certificate } from '../shared/certificate.ts';
import type { Config } from '../shared/config-types.ts';
import type { Logger } from '../shared/log.ts';
import { TicketKeys } from './ticket-keys.ts';
import { InputWatcher } from './watch.ts';

/** The end of a worker that has to do with certificates. */
export interface CertificateTaker {
  send(message: PrimaryMessage): void;
  onMessage(listener: (message: WorkerMessage) => void): void;
}

/** What is obtained, staples too, comes in bursts: workers hear of it so many times a second at most. */
const TOLD_AFTER_MS = 50;
/** An unknown name may be obtained on demand a little later. */
const UNKNOWN_KEPT_MS = 10_000;

export interface CertificatesParts {
  readonly log: Logger;
  readonly tellAll: (message: PrimaryMessage) => void;
  /** `onChange`: to be called when what it serves has changed. */
  readonly makeManager: (onChange: () => void) => CertificateManager;
}

/**
 * Certificates and ticket keys on behalf of the workers, which may not be allowed to read the files: answers
 * what they ask for, and tells them when something has changed.
 */
export class Certificates {
  readonly manager: CertificateManager;
  readonly #log: Logger;
  readonly #tellAll: (message: PrimaryMessage) => void;
  readonly #watcher: InputWatcher;
  readonly #ticketKeys: TicketKeys;
  /** Of certificates from files; the manager has its own. */
  readonly #fileStaples: StapleKeeper;
  /** By `TlsConfig.certificateSet`. */
  #sets: ReadonlyMap<string, CertificateSet> = new Map();
  /** Sets that workers are to hear of. */
  readonly #changed = new Set<string>();
  #telling: NodeJS.Timeout | null = null;

  constructor({ log, tellAll, makeManager }: CertificatesParts) {
    this.#log = log;
    this.#tellAll = tellAll;
    this.#watcher = new InputWatcher(
      (files) => void this.#refresh(new Set(files)),
      (error, folder) => log.warn({ err: error, folder }, 'a folder with certificates cannot be watched'),
    );
    this.#ticketKeys = new TicketKeys(() => tellAll(this.#keysMessage()));
    this.manager = makeManager(() => this.#tellSoon(({ managed }) => managed));
    this.#fileStaples = new StapleKeeper({
      storage: null,
      log,
      now: Date.now,
      onChange: () => this.#tellSoon(({ toStaple }) => toStaple.length > 0),
      // It is logged, and somebody else's to replace.
      onRevoked: () => undefined,
    });
  }

  /** Serves a worker from now on. */
  attach(worker: CertificateTaker): void {
    worker.send(this.#keysMessage());
    worker.onMessage((message) => {
      if (message.type !== 'certificate-wanted') return;
      void this.#answer(message).then((answer) => worker.send(answer));
    });
  }

  /**
   * Has what a config needs ready besides what serves now, so that workers find it when they swap to that config.
   * @returns what keeps the config from being used
   */
  async add(config: Config, sets: ReadonlyMap<string, CertificateSet>): Promise<readonly string[]> {
    const problems = await this.manager.prepare(config.certificates);
    if (problems.length > 0) return problems.map((problem) => `${config.file} ${problem}`);
    this.#sets = new Map([...this.#sets, ...sets]);
    this.#useKeys(config, new Set(Object.keys(this.#ticketKeys.current()).map(Number)));
    return [];
  }

  /** Keeps what this config needs and forgets everything else. */
  keep(config: Config, sets: ReadonlyMap<string, CertificateSet>): void {
    this.#sets = sets;
    this.manager.use(config.certificates);
    this.#useKeys(config, new Set());
    this.#watcher.watch(
      [...sets.values()].flatMap(({ files }) => files),
      'these',
    );
    this.#followStaples();
    for (const [set, certificates] of sets) {
      this.#warnOfExpired(certificates);
      // The files were read again: what workers keep may be of before.
      this.#tellAll({ type: 'certificates-changed', set });
    }
  }

  /** Resolves when nothing is under way any more. */
  async close(): Promise<void> {
    this.#watcher.close();
    this.#ticketKeys.close();
    if (this.#telling !== null) clearTimeout(this.#telling);
    await Promise.all([this.#fileStaples.close(), this.manager.close()]);
  }

  async #answer(
    asked: Extract<WorkerMessage, { readonly type: 'certificate-wanted' }>,
  ): Promise<PrimaryMessage> {
    const { id, serverName } = asked;
    const set = this.#sets.get(asked.set);
    if (set === undefined) return { type: 'certificate', id, found: null };
    const found = serverName === '' ? [] : set.find(serverName, this.manager);
    if (found.length > 0) return { type: 'certificate', id, found: this.#present(found) };
    if (!set.managed) return { type: 'certificate', id, found: this.#present(set.findDefault(null)) };
    try {
      return await this.#answerManaged(set, asked);
    } catch (error) {
      this.#log.error({ err: error, serverName }, 'a certificate could not be looked up');
      return { type: 'certificate', id, found: null, keepMs: UNKNOWN_KEPT_MS };
    }
  }

  /** For names that no certificate is there for. */
  async #answerManaged(
    set: CertificateSet,
    { id, serverName, allowed }: Extract<WorkerMessage, { readonly type: 'certificate-wanted' }>,
  ): Promise<PrimaryMessage> {
    const { manager } = this;
    if (serverName !== '') {
      const placeholder = await manager.placeholder(serverName);
      if (placeholder !== null) return { type: 'certificate', id, found: this.#present([placeholder]) };
      const obtained = await manager.onDemand(serverName, allowed === true);
      if (obtained.kind === 'found') return { type: 'certificate', id, found: this.#present(obtained.pairs) };
      const found = await this.#default(set);
      if (obtained.kind === 'ask-rule') return { type: 'certificate', id, found, askRule: true };
      return { type: 'certificate', id, found, keepMs: UNKNOWN_KEPT_MS };
    }
    return { type: 'certificate', id, found: await this.#default(set) };
  }

  async #default(set: CertificateSet): Promise<Certificate | null> {
    const there = set.findDefault(this.manager);
    if (there.length > 0 || set.refusesUnknown) return this.#present(there);
    const placeholder = await this.manager.placeholder(set.defaultName ?? '');
    return placeholder === null ? null : this.#present([placeholder]);
  }

  #present(pairs: readonly CertificatePair[]): Certificate | null {
    return certificateOf(pairs, (pair) => this.#fileStaples.staple(pair) ?? this.manager.staple(pair));
  }

  #tellSoon(concerns: (set: CertificateSet) => boolean): void {
    for (const [key, set] of this.#sets) if (concerns(set)) this.#changed.add(key);
    this.#telling ??= setTimeout(() => {
      this.#telling = null;
      for (const set of this.#changed) this.#tellAll({ type: 'certificates-changed', set });
      this.#changed.clear();
    }, TOLD_AFTER_MS);
  }

  #followStaples(): void {
    this.#fileStaples.follow([...this.#sets.values()].flatMap(({ toStaple }) => toStaple));
  }

  #useKeys(config: Config, besides: ReadonlySet<number>): void {
    const wanted = config.listeners.flatMap(({ tls }) => (tls === null ? [] : [tls.ticketRotationMs]));
    const before = Object.keys(this.#ticketKeys.current()).length;
    this.#ticketKeys.use(new Set([...besides, ...wanted]));
    if (wanted.length > 0 || before > 0) this.#tellAll(this.#keysMessage());
  }

  #keysMessage(): PrimaryMessage {
    return { type: 'ticket-keys', keys: this.#ticketKeys.current() };
  }

  async #refresh(files: ReadonlySet<string>): Promise<void> {
    for (const [set, certificates] of this.#sets) {
      if (!certificates.files.some((file) => files.has(file))) continue;
      const problems = await certificates.refresh(files);
      if (problems.length > 0)
        this.#log.error(
          { problems: someOf(problems), count: problems.length },
          'changed certificates can not be used; those of before go on serving',
        );
      else this.#log.info({ files: someOf([...files]), count: files.size }, 'certificates changed');
      this.#warnOfExpired(certificates);
      this.#tellAll({ type: 'certificates-changed', set });
    }
    this.#followStaples();
  }

  #warnOfExpired(certificates: CertificateSet): void {
    for (const { file, notAfter } of certificates.expired(new Date()))
      this.#log.warn({ file, notAfter: notAfter.toISOString() }, 'a certificate has expired');
  }
}

/** As many as a line of the log is good for; all may change at once, and there may be tens of thousands. */
function someOf(items: readonly string[]): readonly string[] {
  return items.slice(0, 10);
}
