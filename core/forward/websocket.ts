import { createHash } from 'node:crypto';
import type { RequestHead, ResponseHead, TunnelEnd, TunnelEvents } from '../exchange/streams.ts';
import { ProxyError } from '../shared/errors.ts';

/**
 * Whether a 101 accepts the WebSocket handshake of `request`: the right protocol, and the
 * hash that only somebody who read its key could make (RFC 6455 4.2.2).
 * @param protocol that the 101 names
 * @returns null, or 'upgrade-malformed'
 */
export function checkSwitch(
  request: RequestHead,
  answer: ResponseHead,
  protocol: string | null,
): ProxyError | null {
  if (request.upgrade === null) return malformedUpgrade('sent 101 although no upgrade was asked for');
  if (protocol !== 'websocket')
    return malformedUpgrade(`switched to ${JSON.stringify(protocol)}, not to websocket`);
  const key = request.headers.get('sec-websocket-key') ?? '';
  const expected = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  if (answer.headers.get('sec-websocket-accept') === expected) return null;
  return malformedUpgrade('sent a wrong Sec-WebSocket-Accept');
}

function malformedUpgrade(what: string): ProxyError {
  return new ProxyError('upgrade-malformed', 'backend', `the backend ${what}`);
}

/** How long one end may take to read what the other one sent before it closed. */
const LAST_BYTES_MS = 30_000;

/**
 * Joins two ends: bytes pass untouched in both directions, each waits for the slower one, an
 * end passes on by itself, and a failure of one ends the other.
 * @param onEnd called once with the bytes that went each way
 */
export function tunnel(
  client: TunnelEnd,
  backend: TunnelEnd,
  onEnd: (fromClient: number, fromBackend: number) => void,
): void {
  let open = 2;
  let lastBytes: NodeJS.Timeout | null = null;
  const onClose = (other: TunnelEnd, failed: boolean): void => {
    open -= 1;
    if (open === 0) {
      if (lastBytes !== null) clearTimeout(lastBytes);
      onEnd(fromClient.bytes, fromBackend.bytes);
    } else if (failed) other.destroy();
    else {
      other.destroySoon();
      lastBytes = setTimeout(() => other.destroy(), LAST_BYTES_MS);
    }
  };
  const fromClient = new Direction(client, backend, (failed) => onClose(backend, failed));
  const fromBackend = new Direction(backend, client, (failed) => onClose(client, failed));
  fromClient.open(fromBackend);
  fromBackend.open(fromClient);
}

/** What goes from one end to the other, and what befalls the one it comes from. */
class Direction implements TunnelEvents {
  bytes = 0;
  readonly onClose: (failed: boolean) => void;
  readonly #from: TunnelEnd;
  readonly #to: TunnelEnd;
  /** The other direction. */
  #back: Direction | null = null;

  constructor(from: TunnelEnd, to: TunnelEnd, onClose: (failed: boolean) => void) {
    this.#from = from;
    this.#to = to;
    this.onClose = onClose;
  }

  open(back: Direction): void {
    this.#back = back;
    this.#from.open(this);
    if (this.#from.readAhead !== null) this.onData(this.#from.readAhead);
  }

  onData(piece: Buffer): void {
    this.bytes += piece.length;
    if (!this.#to.write(piece)) this.#from.pause();
  }

  onEnd(): void {
    this.#to.end();
  }

  /** The end that this direction reads from takes more: what goes there may flow again. */
  onWritable(): void {
    this.#back?.flow();
  }

  flow(): void {
    this.#from.resume();
  }
}
