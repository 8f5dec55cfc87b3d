import { HeaderList } from '../exchange/headers.ts';
import { mayTrail } from '../http1/trailer-fields.ts';
import { ErrorCode, streamError } from './errors.ts';
import { checkField } from './fields.ts';
import type { HeaderBlock } from './header-block.ts';

/**
 * Reads the trailers of a request or an answer, without the fields that have no place there.
 * @param tooLarge what becomes of larger ones than allowed
 * @throws Http2Error of the stream
 */
export function readTrailers(block: HeaderBlock, tooLarge: ErrorCode): HeaderList {
  if (block.isTooLarge) throw streamError(tooLarge, 'trailers larger than allowed');
  const trailers = new HeaderList();
  for (let i = 0; i < block.names.length; i++) {
    const name = block.names[i] ?? '';
    const value = block.values[i] ?? '';
    if (name.startsWith(':')) throw streamError(ErrorCode.ProtocolError, 'a pseudo-header field in trailers');
    checkField(name, value);
    if (mayTrail(name)) trailers.append(name, value);
  }
  return trailers;
}
