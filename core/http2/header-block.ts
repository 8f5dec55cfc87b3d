import { connectionError, ErrorCode } from './errors.ts';
import type { HpackDecoder } from './hpack-decoder.ts';

/** The bounds of one header list. */
export interface HeadLimits {
  /** Names, values and 32 for each field (RFC 9113 6.5.2). */
  readonly headBytes: number;
  readonly headers: number;
}

/** A decoded header block: pseudo-header fields and others in the order sent, nothing checked. */
export interface HeaderBlock {
  readonly names: readonly string[];
  readonly values: readonly string[];
  /** It has more fields, or bytes, than allowed; what is beyond is missing here. */
  readonly isTooLarge: boolean;
}

/** What a field counts besides its octets (RFC 9113 6.5.2). */
const FIELD_OVERHEAD = 32;

/** Gathers one header block at a time over HEADERS and CONTINUATION. */
export class HeaderBlockReader {
  readonly #decoder: HpackDecoder;
  #parts: Buffer[] = [];
  #bytes = 0;
  #continuations = 0;
  /** The stream of the block under way, or 0. */
  streamId = 0;
  /** Whether its HEADERS ended the stream. */
  isEnd = false;

  constructor(decoder: HpackDecoder) {
    this.#decoder = decoder;
  }

  /** HEADERS without END_HEADERS. */
  begin(streamId: number, isEnd: boolean, fragment: Buffer): void {
    this.streamId = streamId;
    this.isEnd = isEnd;
    this.#continuations = 0;
    this.#bytes = fragment.length;
    this.#parts = [Buffer.from(fragment)];
  }

  /**
   * A CONTINUATION. The block has to be decoded or the connection given up (RFC 9113 4.3), so that one beyond all
   * bounds ends the connection.
   * @throws Http2Error ENHANCE_YOUR_CALM of the connection
   */
  add(fragment: Buffer, maxBytes: number, maxContinuations: number): void {
    this.#continuations += 1;
    this.#bytes += fragment.length;
    if (this.#continuations > maxContinuations)
      throw connectionError(
        ErrorCode.EnhanceYourCalm,
        `a header block in more than ${maxContinuations} CONTINUATION frames`,
      );
    if (this.#bytes > maxBytes)
      throw connectionError(ErrorCode.EnhanceYourCalm, `a header block of more than ${maxBytes} bytes`);
    this.#parts.push(Buffer.from(fragment));
  }

  /** After the last fragment. @throws Http2Error */
  finish(limits: HeadLimits): HeaderBlock {
    const block = Buffer.concat(this.#parts);
    this.#parts = [];
    this.streamId = 0;
    return this.decode(block, limits);
  }

  /** Decodes a whole block, to its end even if it is too large: the table has to follow the peer's. @throws Http2Error */
  decode(block: Buffer, limits: HeadLimits): HeaderBlock {
    const names: string[] = [];
    const values: string[] = [];
    let left = limits.headBytes;
    let leftFields = limits.headers;
    let isTooLarge = false;
    this.#decoder.decode(block, (name, value) => {
      left -= name.length + value.length + FIELD_OVERHEAD;
      // In HTTP/1.1 pseudo-header fields are the start line, and the crumbs of a cookie (RFC 9113 8.2.3) one field.
      if (!name.startsWith(':') && name !== 'cookie') leftFields -= 1;
      if (left < 0 || leftFields < 0) isTooLarge = true;
      else {
        names.push(name);
        values.push(value);
      }
    });
    return { names, values, isTooLarge };
  }
}
