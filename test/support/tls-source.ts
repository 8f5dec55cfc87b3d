import { randomBytes } from 'node:crypto';
import { CertificateSet } from '../../certs/certificate-set.ts';
import type { CertificateSource } from '../../core/listeners/tls/contexts.ts';
import type { TicketKeyring } from '../../core/listeners/tls/session-tickets.ts';
import type { TlsConfig } from '../../core/shared/listener-types.ts';

/** One for all listeners, as a primary has it. */
const TICKET_KEY = randomBytes(48);

/** Stands for the primary: answers from the files, a turn of the event loop later, and notes what it was asked. */
export class TestCertificateSource implements CertificateSource {
  readonly asked: string[] = [];
  keys: TicketKeyring = { newest: TICKET_KEY, before: null };
  readonly set: CertificateSet;

  private constructor(set: CertificateSet) {
    this.set = set;
  }

  static async load(tls: TlsConfig): Promise<TestCertificateSource> {
    const loaded = await CertificateSet.load(tls);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
    return new TestCertificateSource(loaded.set);
  }

  async find(_set: string, serverName: string): ReturnType<CertificateSource['find']> {
    this.asked.push(serverName);
    await new Promise((resolve) => setImmediate(resolve));
    return this.set.find(serverName);
  }

  ticketKeys(): TicketKeyring {
    return this.keys;
  }
}
