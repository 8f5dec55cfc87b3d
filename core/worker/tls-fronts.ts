import type { PrimaryMessage, WorkerMessage } from '../ipc/messages.ts';
import type { CertificateSource } from '../listeners/tls/contexts.ts';
import { TlsFront } from '../listeners/tls/front.ts';
import type { TicketKeyring } from '../listeners/tls/session-tickets.ts';
import type { Certificate } from '../shared/certificate.ts';
import type { TlsConfig } from '../shared/listener-types.ts';
import type { Logger } from '../shared/log.ts';

export type TlsMessage = Extract<
  PrimaryMessage,
  { readonly type: 'certificate' | 'certificates-changed' | 'ticket-keys' }
>;

/** The TLS of a worker's listeners: one front for the same terms, whichever snapshot has them. */
export class TlsFronts implements CertificateSource {
  readonly #send: (message: WorkerMessage) => void;
  readonly #log: Pick<Logger, 'error'>;
  readonly #fronts = new Map<string, { readonly front: TlsFront; readonly tls: TlsConfig }>();
  readonly #waiting = new Map<number, (found: Certificate | null) => void>();
  #keys: ReadonlyMap<number, TicketKeyring> = new Map();
  #lastId = 0;

  constructor(send: (message: WorkerMessage) => void, log: Pick<Logger, 'error'>) {
    this.#send = send;
    this.#log = log;
  }

  get(tls: TlsConfig): TlsFront {
    const key = JSON.stringify(tls);
    const known = this.#fronts.get(key);
    if (known !== undefined) return known.front;
    const front = new TlsFront(tls, this, this.#log);
    this.#fronts.set(key, { front, tls });
    return front;
  }

  /** Forgets the others. */
  keep(used: ReadonlySet<TlsFront>): void {
    for (const [key, { front }] of this.#fronts) if (!used.has(front)) this.#fronts.delete(key);
  }

  find(set: string, serverName: string): Promise<Certificate | null> {
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#send({ type: 'certificate-wanted', id, set, serverName });
    });
  }

  ticketKeys(rotationMs: number): TicketKeyring {
    const keys = this.#keys.get(rotationMs);
    if (keys === undefined) throw new Error(`no ticket key came for ${rotationMs} ms`);
    return keys;
  }

  onMessage(message: TlsMessage): void {
    switch (message.type) {
      case 'certificate':
        this.#waiting.get(message.id)?.(message.found);
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
