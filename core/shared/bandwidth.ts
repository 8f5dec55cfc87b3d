import type { Socket } from 'node:net';
import type { BandwidthConfig } from './listener-types.ts';
import { Pacer } from './pacer.ts';
import type { Held, SocketInput } from './socket-input.ts';

const UNLIMITED: BandwidthConfig = { listenerBytes: null, connectionBytes: null };

/** What the connections of one listener may take, in one worker. It outlives reloads, and the connections that it has met go by what it is set to last. */
export class Bandwidth {
  #isLimited = false;
  readonly #fromClients = new Pacer();
  readonly #toClients = new Pacer();

  /** `workers`: how many share the listener's rate. */
  set(config: BandwidthConfig | null, workers: number): void {
    const { listenerBytes, connectionBytes } = config ?? UNLIMITED;
    this.#isLimited = config !== null;
    const share = listenerBytes === null ? null : listenerBytes / workers;
    this.#fromClients.setRates(share, connectionBytes);
    this.#toClients.setRates(share, connectionBytes);
  }

  /** What is best read of a client at a time, since it counts only when it has come; undefined: as much as there is. */
  get readBytes(): number | undefined {
    return this.#isLimited ? this.#fromClients.pieceBytes : undefined;
  }

  /**
   * Holds a client's connection to the rates in both directions, whatever is spoken on it. Who writes to the socket is held up by back-pressure.
   * @param input all that the socket reads
   */
  pace(socket: Socket, input: SocketInput): void {
    if (!this.#isLimited) return;
    const held = { reads: false, writes: false, lastMs: 0 };
    input.held = held;
    paceReads(socket, input, held, this.#fromClients);
    paceWrites(socket, held, this.#toClients);
  }
}

/** A read takes what has come, so that the socket is paused behind it; who has paused or resumed it for a reason of his own finds it so. */
function paceReads(socket: Socket, input: SocketInput, held: Held, pacer: Pacer): void {
  const pause = socket.pause.bind(socket);
  const resume = socket.resume.bind(socket);
  let isWanted = !socket.isPaused();
  const flow = pacer.flow(() => {
    held.reads = false;
    held.lastMs = performance.now();
    if (isWanted) resume();
  });
  socket.pause = () => {
    isWanted = false;
    return pause();
  };
  socket.resume = () => {
    isWanted = true;
    return held.reads ? socket : resume();
  };
  input.onRead = (bytes) => {
    if (flow.spend(bytes)) return;
    held.reads = true;
    pause();
  };
  // Where others wait, the first read does, too.
  input.onRead(0);
  socket.once('close', () => flow.close());
}

/** What is written waits in the socket, and leaves in pieces. */
function paceWrites(socket: Socket, held: Held, pacer: Pacer): void {
  const write = socket._write.bind(socket);
  let isAllowed = true;
  let next: (() => void) | null = null;
  const flow = pacer.flow(() => {
    isAllowed = true;
    held.writes = false;
    held.lastMs = performance.now();
    const goOn = next;
    next = null;
    goOn?.();
  });
  // One chunk after the other.
  Reflect.set(socket, '_writev', undefined);
  socket._write = (chunk: string | Buffer, encoding, done) => {
    const isText = typeof chunk === 'string';
    const length = isText ? Buffer.byteLength(chunk, encoding) : chunk.length;
    const writeFrom = (from: number): void => {
      if (!isAllowed) {
        held.writes = true;
        next = () => writeFrom(from);
        return;
      }
      // Texts are short: heads with small bodies.
      const to = isText ? length : Math.min(length, from + flow.pieceBytes);
      isAllowed = flow.spend(to - from);
      write(isText ? chunk : chunk.subarray(from, to), encoding, (error) => {
        if (error || to === length) done(error);
        else writeFrom(to);
      });
    };
    writeFrom(0);
  };
  socket.once('close', () => flow.close());
}
