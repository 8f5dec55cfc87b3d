import type { BandwidthConfig } from './listener-types.ts';
import { Policer } from './policer.ts';

/**
 * What the sessions of one UDP listener may take, in one worker. A datagram beyond is dropped: to hold it would only make it
 * late, and who speaks over UDP has to notice what is lost, and slow down, anyway.
 */
export class DatagramBandwidth {
  #isLimited = false;
  readonly #fromClients = new Policer();
  readonly #toClients = new Policer();

  /** `workers`: how many share the listener's rate. */
  set(config: BandwidthConfig | null, workers: number): void {
    this.#isLimited = config !== null;
    const listenerBytes = config?.listenerBytes ?? null;
    const share = listenerBytes === null ? null : listenerBytes / workers;
    const connectionBytes = config?.connectionBytes ?? null;
    this.#fromClients.setRates(share, connectionBytes);
    this.#toClients.setRates(share, connectionBytes);
  }

  /** Whether a datagram of the session's client may pass; it is counted then. */
  admitsFromClient(session: object, bytes: number): boolean {
    return !this.#isLimited || this.#fromClients.admits(session, bytes);
  }

  /** The same for one to the client. */
  admitsToClient(session: object, bytes: number): boolean {
    return !this.#isLimited || this.#toClients.admits(session, bytes);
  }
}
