import type { CertificateSet } from '../../certs/certificate-set.ts';
import type { PrimaryMessage, WorkerMessage } from '../ipc/messages.ts';
import type { Config } from '../shared/config-types.ts';
import type { Logger } from '../shared/log.ts';
import { TicketKeys } from './ticket-keys.ts';
import { InputWatcher } from './watch.ts';

/** The end of a worker that has to do with certificates. */
export interface CertificateTaker {
  send(message: PrimaryMessage): void;
  onMessage(listener: (message: WorkerMessage) => void): void;
}

/**
 * Certificates and ticket keys on behalf of the workers, which may not be allowed to read the files: answers
 * what they ask for, and tells them when files have changed.
 */
export class Certificates {
  readonly #log: Logger;
  readonly #tellAll: (message: PrimaryMessage) => void;
  readonly #watcher: InputWatcher;
  readonly #ticketKeys: TicketKeys;
  /** By `TlsConfig.certificateSet`. */
  #sets: ReadonlyMap<string, CertificateSet> = new Map();

  constructor(log: Logger, tellAll: (message: PrimaryMessage) => void) {
    this.#log = log;
    this.#tellAll = tellAll;
    this.#watcher = new InputWatcher(
      (files) => void this.#refresh(new Set(files)),
      (error, folder) => log.warn({ err: error, folder }, 'a folder with certificates cannot be watched'),
    );
    this.#ticketKeys = new TicketKeys(() => tellAll(this.#keysMessage()));
  }

  /** Serves a worker from now on. */
  attach(worker: CertificateTaker): void {
    worker.send(this.#keysMessage());
    worker.onMessage((message) => {
      if (message.type !== 'certificate-wanted') return;
      const found = this.#sets.get(message.set)?.find(message.serverName) ?? null;
      worker.send({ type: 'certificate', id: message.id, found });
    });
  }

  /** Has what a config needs ready besides what serves now, so that workers find it when they swap to that config. */
  add(config: Config, sets: ReadonlyMap<string, CertificateSet>): void {
    this.#sets = new Map([...this.#sets, ...sets]);
    this.#useKeys(config, new Set(Object.keys(this.#ticketKeys.current()).map(Number)));
  }

  /** Keeps what this config needs and forgets everything else. */
  keep(config: Config, sets: ReadonlyMap<string, CertificateSet>): void {
    this.#sets = sets;
    this.#useKeys(config, new Set());
    this.#watcher.watch(
      [...sets.values()].flatMap(({ files }) => files),
      'these',
    );
    for (const [set, certificates] of sets) {
      this.#warnOfExpired(certificates);
      // The files were read again: what workers keep may be of before.
      this.#tellAll({ type: 'certificates-changed', set });
    }
  }

  close(): void {
    this.#watcher.close();
    this.#ticketKeys.close();
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
