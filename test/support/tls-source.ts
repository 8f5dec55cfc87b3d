import { randomBytes } from 'node:crypto';
import { certificateOf, CertificateSet } from '../../certs/certificate-set.ts';
import type { CertificateAnswer, CertificateSource } from '../../core/listeners/tls/contexts.ts';
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

  /** A test may put another one in its place. */
  answerFor: CertificateSource['find'] = async (_set, serverName) => ({
    certificate:
      certificateOf(this.set.find(serverName, null), () => null) ??
      certificateOf(this.set.findDefault(null), () => null),
    asksRule: false,
    keepMs: null,
  });

  async find(set: string, serverName: string, allowed: boolean): Promise<CertificateAnswer> {
    this.asked.push(serverName);
    await new Promise((resolve) => setImmediate(resolve));
    return this.answerFor(set, serverName, allowed);
  }

  ticketKeys(): TicketKeyring {
    return this.keys;
  }
}
