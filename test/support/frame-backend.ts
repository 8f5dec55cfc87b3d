import { createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { FrameReader } from '../../core/http2/frame-reader.ts';
import { Flag, FrameType, PREFACE } from '../../core/http2/frame-types.ts';

/** One HTTP/2 frame, whatever it is. */
export function frame(type: number, flags: number, streamId: number, payload: Buffer | string = ''): Buffer {
  const content = Buffer.from(payload);
  const prefix = Buffer.alloc(9);
  prefix.writeUIntBE(content.length, 0, 3);
  prefix[3] = type;
  prefix[4] = flags;
  prefix.writeUInt32BE(streamId, 5);
  return Buffer.concat([prefix, content]);
}

/** Big-endian, four bytes each. */
export function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value, 4 * i);
  return bytes;
}

export function head(
  streamId: number,
  fields: readonly (readonly [string, string])[],
  isEnd: boolean,
): Buffer {
  const flags = Flag.EndHeaders | (isEnd ? Flag.EndStream : 0);
  return frame(FrameType.Headers, flags, streamId, literals(fields));
}

export function data(streamId: number, text: string, isEnd: boolean): Buffer {
  return frame(FrameType.Data, isEnd ? Flag.EndStream : 0, streamId, text);
}

/** A header block of literals shorter than 127 bytes, which nothing checks or indexes. */
export function literals(fields: readonly (readonly [string, string])[]): Buffer {
  return Buffer.concat(
    fields.map(([name, value]) =>
      Buffer.from(
        `\0${String.fromCharCode(name.length)}${name}${String.fromCharCode(value.length)}${value}`,
        'latin1',
      ),
    ),
  );
}

export interface ReceivedFrame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

export class FrameConnection {
  /** All but DATA. */
  readonly frames: ReceivedFrame[] = [];
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
  greeting: Buffer = frame(FrameType.Settings, 0, 0),
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
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const { socket } of connections) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { port: address.port, connections };
}
