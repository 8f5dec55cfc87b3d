import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { SocketProbeConfig } from '../../shared/health-types.ts';
import { failureOf } from './probe.ts';
import type { CheckTarget, ProbeResult, RunningProbe } from './probe.ts';

/**
 * Sends a datagram. "Port unreachable" (ICMP) is down; where no answer is expected, everything else is up,
 * silence included, since UDP services need not answer.
 */
export class UdpProbe implements RunningProbe {
  readonly #socket: Socket;
  readonly #done: (result: ProbeResult) => void;
  readonly #timeoutMs: number;
  readonly #expect: string | null;
  #isOver = false;

  constructor(
    { address, check }: CheckTarget,
    { send, expect }: SocketProbeConfig,
    done: (result: ProbeResult) => void,
  ) {
    this.#done = done;
    this.#timeoutMs = check.timeoutMs;
    this.#expect = expect;
    const host = address.kind === 'tcp' ? (address.ip ?? address.host) : '';
    const port = address.kind === 'tcp' ? address.port : 0;
    const socket = createSocket(isIPv6(host.replace(/%.*/, '')) ? 'udp6' : 'udp4');
    this.#socket = socket;
    socket.on('error', (error) => this.#finish(failureOf(error)));
    socket.on('message', (message) => this.#onAnswer(message));
    // Connected, so that the system says what ICMP has to say of this socket (RFC 1122 4.1.3.3).
    socket.on('connect', () => {
      socket.send(Buffer.from(send, 'latin1'), (error) => {
        if (error !== null) this.#finish(failureOf(error));
      });
    });
    if (check.sourceAddress === null) socket.connect(port, host);
    else socket.bind({ address: check.sourceAddress, port: 0 }, () => socket.connect(port, host));
  }

  timeOut(): ProbeResult {
    this.cancel();
    if (this.#expect === null) return { ok: true, reason: 'nothing speaks against it' };
    return { ok: false, reason: `the expected answer did not come within ${this.#timeoutMs} ms` };
  }

  cancel(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#socket.close();
  }

  #onAnswer(message: Buffer): void {
    if (this.#expect === null) this.#finish({ ok: true, reason: 'answered' });
    else if (message.toString('latin1').includes(this.#expect))
      this.#finish({ ok: true, reason: 'answered as expected' });
  }

  #finish(result: ProbeResult): void {
    if (this.#isOver) return;
    this.cancel();
    this.#done(result);
  }
}
