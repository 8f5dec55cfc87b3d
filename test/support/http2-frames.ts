import { connect } from 'node:net';
import { onTestFinished } from 'vitest';
import { FrameReader } from '../../core/http2/frame-reader.ts';
import { Flag, FrameType, PREFACE } from '../../core/http2/frame-types.ts';
import { HpackDecoder } from '../../core/http2/hpack-decoder.ts';
import { poll } from './poll.ts';

export type Field = readonly [name: string, value: string];

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

/** The fields of a GET that nothing is wrong with. */
export const GET: readonly Field[] = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/'],
  [':authority', 'a.example'],
];
export const POST: readonly Field[] = [[':method', 'POST'], ...GET.slice(1)];

/** One frame, whatever it is. */
export function frame(type: number, flags: number, streamId: number, payload: Buffer | string = ''): Buffer {
  const content = Buffer.from(payload);
  const head = Buffer.alloc(9);
  head.writeUIntBE(content.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, content]);
}

/** A header block of literals that nothing checks or indexes. */
export function block(fields: readonly Field[]): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), literal(name), literal(value)]));
}

function literal(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  const length = [127];
  let left = bytes.length - 127;
  for (; left >= 128; left >>>= 7) length.push((left & 127) | 128);
  return Buffer.concat([Buffer.from([...length, left]), bytes]);
}

/** HEADERS in one frame. */
export function headers(streamId: number, fields: readonly Field[], isEnd = true): Buffer {
  return frame(FrameType.Headers, Flag.EndHeaders | (isEnd ? Flag.EndStream : 0), streamId, block(fields));
}

export function data(streamId: number, text: string | Buffer, isEnd = true): Buffer {
  return frame(FrameType.Data, isEnd ? Flag.EndStream : 0, streamId, text);
}

export function rst(streamId: number, code = 8): Buffer {
  return frame(FrameType.RstStream, 0, streamId, words(code));
}

export function windowUpdate(streamId: number, bytes: number): Buffer {
  return frame(FrameType.WindowUpdate, 0, streamId, words(bytes));
}

export function settings(...pairs: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(pairs.length * 6);
  for (const [index, [id, value]] of pairs.entries()) {
    payload.writeUInt16BE(id, index * 6);
    payload.writeUInt32BE(value, index * 6 + 2);
  }
  return frame(FrameType.Settings, 0, 0, payload);
}

/** Big-endian, four bytes each. */
export function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value, 4 * i);
  return bytes;
}

/** A client of HTTP/2 that sends exactly what a test tells it to, and keeps every frame that comes. */
export interface FrameClient {
  readonly frames: readonly Frame[];
  readonly closed: boolean;
  send(...bytes: readonly Buffer[]): void;
  end(): void;
  destroy(): void;
  /** Stops and starts to read. */
  pause(): void;
  resume(): void;
  /** Waits for the frame of this type (and stream). */
  frame(type: number, streamId?: number): Promise<Frame>;
  /** Waits for the code of a stream's RST_STREAM. */
  reset(streamId: number): Promise<number>;
  /** Waits for the last GOAWAY's code. */
  goAway(): Promise<number>;
  /** Waits for an answer's end, and gives its fields and body. */
  answer(streamId: number): Promise<{ status: string; fields: Map<string, string>; body: string }>;
  waitForClose(): Promise<void>;
}

/** `greet`: whether preface, SETTINGS and the ACK for the server's are sent. */
export async function frameClient(port: number, greet = true): Promise<FrameClient> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  onTestFinished(() => void socket.destroy());
  const frames: Frame[] = [];
  let closed = false;
  const decoder = new HpackDecoder(4096);
  const heads = new Map<number, Field[]>();
  const bodies = new Map<number, Buffer[]>();
  const ended = new Set<number>();
  const reader = new FrameReader(
    {
      onData(streamId, part, _flowBytes, flags, isLast) {
        const pieces = bodies.get(streamId) ?? [];
        bodies.set(streamId, pieces);
        pieces.push(Buffer.from(part));
        if (!isLast) return;
        frames.push({ type: FrameType.Data, flags, streamId, payload: Buffer.alloc(0) });
        if ((flags & Flag.EndStream) !== 0) ended.add(streamId);
      },
      onFrame(type, flags, streamId, payload) {
        frames.push({ type, flags, streamId, payload: Buffer.from(payload) });
        if (type !== FrameType.Headers) return;
        const fields = heads.get(streamId) ?? [];
        decoder.decode(Buffer.from(payload), (name, value) => void fields.push([name, value]));
        heads.set(streamId, fields);
        if ((flags & Flag.EndStream) !== 0) ended.add(streamId);
      },
    },
    16_384,
  );
  socket.on('data', (chunk: Buffer) => reader.receive(chunk));
  socket.on('error', () => {});
  socket.on('close', () => (closed = true));
  socket.on('end', () => (closed = true));
  if (greet)
    socket.write(Buffer.concat([Buffer.from(PREFACE), settings(), frame(FrameType.Settings, Flag.Ack, 0)]));
  const find = (type: number, streamId?: number): Promise<Frame> =>
    poll(() => frames.findLast((one) => one.type === type && (streamId ?? one.streamId) === one.streamId));
  return {
    frames,
    get closed() {
      return closed;
    },
    send: (...bytes) => void socket.write(Buffer.concat(bytes)),
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    frame: find,
    reset: async (streamId) => (await find(FrameType.RstStream, streamId)).payload.readUInt32BE(0),
    goAway: async () => (await find(FrameType.GoAway)).payload.readUInt32BE(4),
    async answer(streamId) {
      await poll(() => ended.has(streamId));
      const fields = new Map(heads.get(streamId) ?? []);
      return {
        status: fields.get(':status') ?? '',
        fields,
        body: Buffer.concat(bodies.get(streamId) ?? []).toString('latin1'),
      };
    },
    waitForClose: async () => void (await poll(() => closed)),
  };
}
