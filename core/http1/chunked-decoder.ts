import type { HeaderList } from '../exchange/headers.ts';
import { FIELD_VALUE, hex } from './characters.ts';
import { MalformedError, TooManyFieldsError, parseFields } from './parse-fields.ts';
import { mayTrail } from './trailer-fields.ts';

const CR = 0x0d;
const LF = 0x0a;
const SEMICOLON = 0x3b;
/** Eight hexadecimal digits: 4 GiB a chunk, far below where a double loses integers. */
const MAX_SIZE_DIGITS = 8;
/** Chunk extensions are dropped, so all that those of one chunk need is a bound (RFC 9112 7.1.1). */
const MAX_EXTENSION_BYTES = 256;
const MAX_TRAILER_BYTES = 16 * 1024;
const MAX_TRAILER_FIELDS = 64;
const CRLF_CRLF_BYTES = 4;

type State = 'size' | 'extension' | 'size-lf' | 'data' | 'data-cr' | 'data-lf' | 'trailer';

/** Takes the data of each chunk as views of the buffer that was decoded. */
export interface ChunkSink {
  onBodyData(piece: Buffer): void;
}

/**
 * Decodes a chunked body (RFC 9112 7.1) fed in pieces of any size. Strict: sizes are hexadecimal
 * digits alone, lines end in CRLF, nothing but CRLF follows a chunk's data.
 */
export class ChunkedDecoder {
  /** What came after the last chunk, null while unknown or where there was none. Without the fields that a trailer must not hold (RFC 9110 6.5.1). */
  trailers: HeaderList | null = null;
  #state: State = 'size';
  #remaining = 0;
  #digits = 0;
  #extensionBytes = 0;
  #trailerText = '';

  /**
   * Decodes from `offset`.
   * @returns the offset behind the end of the body, or -1 when the whole buffer was taken and more is to come
   * @throws MalformedError
   */
  decode(buffer: Buffer, offset: number, sink: ChunkSink): number {
    let i = offset;
    const end = buffer.length;
    while (i < end) {
      switch (this.#state) {
        case 'size': {
          const code = buffer[i++] ?? 0;
          const digit = hexDigit(code);
          if (digit >= 0) {
            if (++this.#digits > MAX_SIZE_DIGITS)
              throw new MalformedError('a chunk size has too many digits');
            this.#remaining = this.#remaining * 16 + digit;
          } else if (this.#digits === 0) {
            throw new MalformedError(`a chunk size begins with ${hex(code)}`);
          } else if (code === CR) this.#state = 'size-lf';
          else if (code === SEMICOLON) this.#state = 'extension';
          else throw new MalformedError(`a chunk size is followed by ${hex(code)}`);
          break;
        }
        case 'extension': {
          const code = buffer[i++] ?? 0;
          if (code === CR) this.#state = 'size-lf';
          else if (FIELD_VALUE[code] !== 1) throw new MalformedError(`a chunk extension holds ${hex(code)}`);
          else if (++this.#extensionBytes > MAX_EXTENSION_BYTES)
            throw new MalformedError('chunk extensions are too long');
          break;
        }
        case 'size-lf':
          expect(buffer[i++], LF, 'a chunk size line');
          this.#state = this.#remaining === 0 ? 'trailer' : 'data';
          this.#digits = 0;
          this.#extensionBytes = 0;
          break;
        case 'data': {
          const take = Math.min(this.#remaining, end - i);
          sink.onBodyData(take === buffer.length ? buffer : buffer.subarray(i, i + take));
          i += take;
          this.#remaining -= take;
          if (this.#remaining === 0) this.#state = 'data-cr';
          break;
        }
        case 'data-cr':
          expect(buffer[i++], CR, 'the data of a chunk');
          this.#state = 'data-lf';
          break;
        case 'data-lf':
          expect(buffer[i++], LF, 'the data of a chunk');
          this.#state = 'size';
          break;
        case 'trailer': {
          const taken = this.#takeTrailer(buffer, i);
          if (taken !== -1) return taken;
          i = end;
          break;
        }
      }
    }
    return -1;
  }

  /** @returns the offset behind the trailer section, or -1 */
  #takeTrailer(buffer: Buffer, start: number): number {
    const before = this.#trailerText.length;
    const text =
      this.#trailerText +
      buffer.toString(
        'latin1',
        start,
        Math.min(buffer.length, start + MAX_TRAILER_BYTES + CRLF_CRLF_BYTES - before),
      );
    if (text.startsWith('\r\n')) return start + 2 - before;
    const end = text.indexOf('\r\n\r\n', Math.max(0, before - 3));
    if (end === -1) {
      if (text.length >= MAX_TRAILER_BYTES + CRLF_CRLF_BYTES)
        throw new MalformedError('the trailer section is too long');
      if (hasBareLf(text, before)) throw new MalformedError('a trailer line ends in a bare LF');
      this.#trailerText = text;
      return -1;
    }
    this.trailers = parseTrailers(text.slice(0, end));
    return start + end + CRLF_CRLF_BYTES - before;
  }
}

/** `from`: where the search begins, so that a trailer section that comes byte by byte is not searched anew for each of them. */
function hasBareLf(text: string, from: number): boolean {
  for (let i = text.indexOf('\n', from); i !== -1; i = text.indexOf('\n', i + 1)) {
    if (text.charCodeAt(i - 1) !== CR) return true;
  }
  return false;
}

function parseTrailers(text: string): HeaderList {
  try {
    const trailers = parseFields(text, 0, MAX_TRAILER_FIELDS);
    for (let i = trailers.length - 1; i >= 0; i--) {
      const lower = trailers.lowerNames[i] ?? '';
      if (!mayTrail(lower)) trailers.delete(lower);
    }
    return trailers;
  } catch (error) {
    if (error instanceof TooManyFieldsError)
      throw new MalformedError(`${error.message} in a trailer section`);
    throw error;
  }
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

function expect(found: number | undefined, wanted: number, where: string): void {
  if (found !== wanted) throw new MalformedError(`${where} is followed by ${hex(found ?? 0)}, not CRLF`);
}
