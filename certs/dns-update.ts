import { randomInt } from 'node:crypto';
import { connect } from 'node:net';

import type { DnsConfig } from '../core/shared/certificates-config.ts';
import type { DnsProvider } from './dns-01.ts';
import { checkAnswer, encodeUpdate, readAnswer, signMessage, type TsigKey } from './dns-message.ts';
import { zoneOf, type DnsServer } from './dns-lookup.ts';

type UpdateConfig = Extract<DnsConfig, { readonly kind: 'update' }>;

const ANSWER_TIMEOUT_MS = 10_000;

/** RFC 2136 2.2. */
const CODES: Readonly<Record<number, string>> = {
  1: 'FORMERR',
  2: 'SERVFAIL',
  3: 'NXDOMAIN',
  4: 'NOTIMP',
  5: 'REFUSED',
  6: 'YXDOMAIN',
  7: 'YXRRSET',
  8: 'NXRRSET',
  9: 'NOTAUTH',
  10: 'NOTZONE',
};

/** Dynamic updates (RFC 2136) over TCP, signed where there is a key (RFC 8945). */
export class DnsUpdateProvider implements DnsProvider {
  readonly server: DnsServer;
  readonly #config: UpdateConfig;
  readonly #key: TsigKey | null;

  constructor(config: UpdateConfig) {
    this.#config = config;
    this.server = config.server;
    this.#key =
      config.tsig === null ? null : { ...config.tsig, secret: Buffer.from(config.tsig.secret, 'base64') };
  }

  add(name: string, value: string, signal: AbortSignal): Promise<void> {
    return this.#update('add', name, value, signal);
  }

  remove(name: string, value: string, signal: AbortSignal): Promise<void> {
    return this.#update('remove', name, value, signal);
  }

  async #update(kind: 'add' | 'remove', name: string, value: string, signal: AbortSignal): Promise<void> {
    const { host, port } = this.server;
    const zone = this.#config.zone ?? (await zoneOf(name, this.server, signal));
    const id = randomInt(0x10000);
    const message = encodeUpdate(id, zone, { kind, name, value, ttl: this.#config.ttl });
    const key = this.#key;
    const { signed, mac } =
      key === null ? { signed: message, mac: Buffer.alloc(0) } : signMessage(message, key, seconds());
    const answer = await exchange(this.server, signed, signal);
    const code = readAnswer(answer, id);
    const complaint = key === null ? null : checkAnswer(answer, key, mac, seconds());
    if (code === 0 && complaint === null) return;
    throw new Error(
      `the DNS server ${host}:${port} refused to change ${name} in the zone ${zone}: ${complaint ?? CODES[code] ?? `code ${code}`}`,
    );
  }
}

function seconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** One message each way, with its length before it (RFC 1035 4.2.2). */
async function exchange(
  { host, port }: DnsServer,
  message: Buffer,
  callerSignal: AbortSignal,
): Promise<Buffer> {
  const signal = AbortSignal.any([callerSignal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]);
  const answer = Promise.withResolvers<Buffer>();
  const socket = connect({ host, port });
  const abort = (): void =>
    void socket.destroy(new Error(`the DNS server ${host}:${port} gave no answer in time`));
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  let received = Buffer.alloc(0);
  socket.on('data', (piece: Buffer) => {
    received = Buffer.concat([received, piece]);
    const end = received.length < 2 ? Number.POSITIVE_INFINITY : 2 + received.readUInt16BE(0);
    if (received.length >= end) answer.resolve(received.subarray(2, end));
  });
  socket.on('error', answer.reject);
  socket.on('close', () => answer.reject(new Error(`the DNS server ${host}:${port} gave no answer`)));
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  socket.write(Buffer.concat([length, message]));
  try {
    return await answer.promise;
  } finally {
    signal.removeEventListener('abort', abort);
    socket.destroy();
  }
}
