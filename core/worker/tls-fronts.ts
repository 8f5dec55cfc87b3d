import type { PrimaryMessage, WorkerMessage } from '../ipc/messages.ts';
import type { AlpnChallenges } from '../listeners/tls/answer-challenge.ts';
import type { CertificateAnswer, CertificateSource } from '../listeners/tls/contexts.ts';
import { TlsFront } from '../listeners/tls/front.ts';
import type { TicketKeyring } from '../listeners/tls/session-tickets.ts';
import type { TlsConfig } from '../shared/listener-types.ts';
import type { Logger } from '../shared/log.ts';

export type TlsMessage = Extract<
  PrimaryMessage,
  { readonly type: 'certificate' | 'certificates-changed' | 'ticket-keys' }
>;

/** Questions under way. The primary answers most at once; those for whom a certificate is obtained, it bounds itself. */
const MAX_WAITING = 10_000;

/** For a question that was given up: nothing is known, and whoever still waits is refused. */
const NOTHING: CertificateAnswer = { certificate: null, asksRule: false, keepMs: 0 };

/** The TLS of a worker's listeners: one front for the same terms, whichever snapshot has them. */
export class TlsFronts implements CertificateSource {
  readonly #send: (message: WorkerMessage) => void;
  readonly #challenges: AlpnChallenges;
  readonly #log: Pick<Logger, 'error'>;
  readonly #fronts = new Map<string, { readonly front: TlsFront; readonly tls: TlsConfig }>();
  /** The oldest first. */
  readonly #waiting = new Map<number, (answer: CertificateAnswer) => void>();
  #keys: ReadonlyMap<number, TicketKeyring> = new Map();
  #lastId = 0;

  constructor(
    send: (message: WorkerMessage) => void,
    challenges: AlpnChallenges,
    log: Pick<Logger, 'error'>,
  ) {
    this.#send = send;
    this.#challenges = challenges;
    this.#log = log;
  }

  get(tls: TlsConfig): TlsFront {
    const key = JSON.stringify(tls);
    const known = this.#fronts.get(key);
    if (known !== undefined) return known.front;
    const front = new TlsFront(tls, this, this.#challenges, this.#log);
    this.#fronts.set(key, { front, tls });
    return front;
  }

  /** Forgets the others. */
  keep(used: ReadonlySet<TlsFront>): void {
    for (const [key, { front }] of this.#fronts) if (!used.has(front)) this.#fronts.delete(key);
  }

  find(set: string, serverName: string, allowed: boolean): Promise<CertificateAnswer> {
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      if (this.#waiting.size > MAX_WAITING) this.#giveUpOldest();
      this.#send({
        type: 'certificate-wanted',
        id,
        set,
        serverName,
        ...(allowed ? { allowed: true as const } : {}),
      });
    });
  }

  /** Clients come and leave faster than names are answered: the oldest has most likely left. */
  #giveUpOldest(): void {
    const [oldest] = this.#waiting;
    if (oldest === undefined) return;
    const [id, resolve] = oldest;
    this.#waiting.delete(id);
    resolve(NOTHING);
  }

  ticketKeys(rotationMs: number): TicketKeyring {
    const keys = this.#keys.get(rotationMs);
    if (keys === undefined) throw new Error(`no ticket key came for ${rotationMs} ms`);
    return keys;
  }

  onMessage(message: TlsMessage): void {
    switch (message.type) {
      case 'certificate':
        this.#waiting.get(message.id)?.({
          certificate: message.found,
          asksRule: message.askRule ?? false,
          keepMs: message.keepMs ?? null,
        });
        this.#waiting.delete(message.id);
        return;
      case 'certificates-changed':
        for (const { front, tls } of this.#fronts.values())
          if (tls.certificateSet === message.set) front.certificatesChanged();
        return;
      case 'ticket-keys':
        this.#keys = new Map(
          Object.entries(message.keys).map(([interval, keys]) => [Number(interval), readKeys(keys)]),
        );
        for (const { front, tls } of this.#fronts.values())
          if (this.#keys.has(tls.ticketRotationMs)) void front.renew();
        return;
    }
  }
}

function readKeys(keys: readonly string[]): TicketKeyring {
  const [newest, before] = keys.map((key) => Buffer.from(key, 'base64'));
  if (newest === undefined) throw new Error('an interval without a ticket key');
  return { newest, before: before ?? null };
}
