import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { deflateSync, inflateSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { BodyHook } from '../contract/message.ts';

/** A body in the pieces in which it comes. null: the sender pauses, which is when transforms are asked to flush. */
export type BodyPieces = Iterable<string | Uint8Array | null> | AsyncIterable<string | Uint8Array | null>;

const CODINGS: Readonly<
  Record<
    string,
    { readonly decode: (data: Uint8Array) => Uint8Array; readonly encode: (data: Uint8Array) => Buffer }
  >
> = {
  gzip: { decode: gunzipSync, encode: gzipSync },
  'x-gzip': { decode: gunzipSync, encode: gzipSync },
  deflate: { decode: inflateSync, encode: deflateSync },
  br: { decode: brotliDecompressSync, encode: brotliCompressSync },
  zstd: { decode: zstdDecompressSync, encode: zstdCompressSync },
};

/**
 * Sends a body through a transform, as the data path does: one piece at a time, `close` exactly once.
 * @param ended whether the exchange ended meanwhile (refused, aborted)
 * @returns what left, piece by piece
 */
export async function passThrough(
  hook: BodyHook,
  encoding: string | null,
  body: BodyPieces,
  ended: () => boolean,
): Promise<Uint8Array[]> {
  const { transform } = hook;
  const left: Uint8Array[] = [];
  let came = 0;
  let open = true;
  const push = (piece: Uint8Array): void => {
    if (!open) throw new Error('push was called after the promise of the call was settled');
    if (piece.length > 0) left.push(Buffer.from(piece));
  };
  try {
    const pieces = hook.decoded === true && encoding !== null ? [await decode(body, encoding)] : body;
    for await (const piece of pieces) {
      if (ended()) return left;
      if (piece === null) {
        await transform.flush?.(push);
      } else if (piece.length > 0) {
        came += Buffer.byteLength(piece);
        // The proxy reads the next piece into the same memory: whoever keeps a piece without a copy is found out.
        const lent = Buffer.from(piece);
        const done = transform.data(lent, push);
        lent.fill('?');
        await done;
      }
    }
    if (!ended()) await transform.end?.(push);
  } finally {
    open = false;
    transform.close?.();
  }
  if (ended()) return left;
  const sent = left.reduce((sum, piece) => sum + piece.length, 0);
  const said = hook.length === 'same' ? came : hook.length;
  if (said !== undefined && said !== sent)
    throw new Error(`the body hook said that ${said} bytes leave, and ${sent} left`);
  return hook.decoded === true && encoding !== null ? [encode(Buffer.concat(left), encoding)] : left;
}

/** The pieces without the pauses. */
export async function collect(body: BodyPieces): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body)
    if (piece !== null && piece.length > 0) pieces.push(Buffer.from(toBytes(piece)));
  return pieces;
}

export function toBytes(piece: string | Uint8Array): Uint8Array {
  return typeof piece === 'string' ? Buffer.from(piece) : piece;
}

async function decode(body: BodyPieces, encoding: string): Promise<Uint8Array> {
  let content = Buffer.concat(await collect(body));
  for (const coding of codingsOf(encoding).toReversed()) content = Buffer.from(coding.decode(content));
  return content;
}

function encode(content: Buffer, encoding: string): Uint8Array {
  return codingsOf(encoding).reduce((bytes, coding) => coding.encode(bytes), content);
}

function codingsOf(encoding: string) {
  return encoding
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '' && name !== 'identity')
    .map((name) => {
      const coding = CODINGS[name];
      if (coding === undefined) throw new Error(`the content coding ${JSON.stringify(name)} is not known`);
      return coding;
    });
}
