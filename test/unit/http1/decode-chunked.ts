import { ChunkedDecoder } from '../../../core/http1/chunked-decoder.ts';
import { fieldsOf } from './read-request.ts';

export interface DecodedBody {
  readonly body: string;
  readonly trailers: readonly (readonly [name: string, value: string])[];
  /** What lies behind the body; null: the body is not whole. */
  readonly rest: string | null;
}

/** Feeds a chunked body to a decoder in these pieces (latin-1). */
export function decode(...pieces: readonly string[]): DecodedBody {
  const decoder = new ChunkedDecoder();
  let body = '';
  let rest: string | null = null;
  for (const piece of pieces) {
    if (rest !== null) {
      rest += piece;
      continue;
    }
    const buffer = Buffer.from(piece, 'latin1');
    const end = decoder.decode(buffer, 0, {
      onBodyData(data) {
        if (data.length === 0) throw new Error('an empty piece was delivered');
        body += data.toString('latin1');
      },
    });
    if (end !== -1) rest = buffer.toString('latin1', end);
  }
  return { body, trailers: fieldsOf(decoder.trailers), rest };
}
