import { createServer, type Socket } from 'node:net';
import { FrameReader } from '../../core/http2/frame-reader.ts';
import { Flag, FrameType, PREFACE } from '../../core/http2/frame-types.ts';
import { frame, settings, type Frame } from './http2-frames.ts';
import { listenForTest } from './listen.ts';

export class FrameConnection {
  /** All but DATA. */
  readonly frames: Frame[] = [];
  /** Bytes of DATA, by stream. */
  readonly dataBytes = new Map<number, number>();
  readonly socket: Socket;
  readonly index: number;

  constructor(socket: Socket, index: number) {
    this.socket = socket;
    this.index = index;
  }

  send(...frames: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(frames));
  }

  /** Codes of the RST_STREAM that came for a stream. */
  resets(streamId: number): number[] {
    return this.frames
      .filter((each) => each.type === FrameType.RstStream && each.streamId === streamId)
      .map(({ payload }) => payload.readUInt32BE(0));
  }

  /** Codes of the GOAWAY that came. */
  get goAways(): number[] {
    return this.frames
      .filter(({ type }) => type === FrameType.GoAway)
      .map(({ payload }) => payload.readUInt32BE(4));
  }
}

export interface FrameBackend {
  readonly port: number;
  readonly connections: readonly FrameConnection[];
}

/**
 * A backend that speaks HTTP/2 without TLS and sends exactly the frames that a test tells it to. It runs until the test has finished.
 * @param onRequest a HEADERS has come
 * @param greeting what it sends first; its SETTINGS, if it behaves
 */
export async function startFrameBackend(
  onRequest: (connection: FrameConnection, streamId: number) => void,
  greeting: Buffer = settings(),
): Promise<FrameBackend> {
  const connections: FrameConnection[] = [];
  const server = createServer({ noDelay: true }, (socket) => {
    const connection = new FrameConnection(socket, connections.length);
    connections.push(connection);
    socket.on('error', () => {});
    socket.write(greeting);
    const reader = new FrameReader(
      {
        onData(streamId, part) {
          connection.dataBytes.set(streamId, (connection.dataBytes.get(streamId) ?? 0) + part.length);
        },
        onFrame(type, flags, streamId, payload) {
          connection.frames.push({ type, flags, streamId, payload: Buffer.from(payload) });
          if (type === FrameType.Headers) onRequest(connection, streamId);
          if (type === FrameType.Settings && (flags & Flag.Ack) === 0)
            connection.send(frame(FrameType.Settings, Flag.Ack, 0));
        },
      },
      16_384,
    );
    let preface = PREFACE.length;
    socket.on('data', (chunk: Buffer) => {
      const skipped = Math.min(preface, chunk.length);
      preface -= skipped;
      reader.receive(chunk.subarray(skipped));
    });
  });
  const port = await listenForTest(server, () => {
    for (const { socket } of connections) socket.destroy();
  });
  return { port, connections };
}
