import { connectionError, ErrorCode } from './errors.ts';
import { Flag } from './frame-types.ts';

/** Payloads of single frames, checked for what RFC 9113 6 says of their length and stream. */

/** Of PING, GOAWAY and SETTINGS. @throws Http2Error */
export function checkOfConnection(streamId: number, what: string): void {
  if (streamId !== 0) throw connectionError(ErrorCode.ProtocolError, `${what} on a stream`);
}

/** Of HEADERS, PRIORITY and RST_STREAM. @throws Http2Error */
export function checkOfStream(streamId: number, what: string): void {
  if (streamId === 0) throw connectionError(ErrorCode.ProtocolError, `${what} of no stream`);
}

/** @throws Http2Error */
export function checkLength(payload: Buffer, bytes: number, what: string): void {
  if (payload.length !== bytes)
    throw connectionError(ErrorCode.FrameSizeError, `${what} of ${payload.length} bytes, not ${bytes}`);
}

/** @throws Http2Error */
export function readGoAway(payload: Buffer): { lastStreamId: number; code: number; debug: string } {
  if (payload.length < 8) throw connectionError(ErrorCode.FrameSizeError, 'GOAWAY that is cut short');
  return {
    lastStreamId: payload.readUInt32BE(0) & 0x7fffffff,
    code: payload.readUInt32BE(4),
    debug: payload.toString('latin1', 8, 208),
  };
}

/** The header block fragment of a HEADERS frame (RFC 9113 6.2). @throws Http2Error */
export function headerFragment(flags: number, payload: Buffer): Buffer {
  let from = 0;
  let to = payload.length;
  if ((flags & Flag.Padded) !== 0) {
    from = 1;
    to -= payload[0] ?? 0;
  }
  if ((flags & Flag.Priority) !== 0) from += 5;
  if (from > payload.length) throw connectionError(ErrorCode.FrameSizeError, 'HEADERS that are cut short');
  if (from > to) throw connectionError(ErrorCode.ProtocolError, 'HEADERS with more padding than they hold');
  return payload.subarray(from, to);
}
