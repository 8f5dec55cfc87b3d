/** RFC 9113 7. */
export const ErrorCode = {
  NoError: 0x0,
  ProtocolError: 0x1,
  InternalError: 0x2,
  FlowControlError: 0x3,
  SettingsTimeout: 0x4,
  StreamClosed: 0x5,
  FrameSizeError: 0x6,
  RefusedStream: 0x7,
  Cancel: 0x8,
  CompressionError: 0x9,
  ConnectError: 0xa,
  EnhanceYourCalm: 0xb,
  InadequateSecurity: 0xc,
  Http11Required: 0xd,
} as const;
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

/** A peer's breach of HTTP/2: it ends the stream, or the connection where the streams can not be told apart any more (RFC 9113 5.4). */
export class Http2Error extends Error {
  readonly code: ErrorCode;
  readonly scope: 'stream' | 'connection';

  constructor(scope: 'stream' | 'connection', code: ErrorCode, message: string) {
    super(message);
    this.code = code;
    this.scope = scope;
  }
}

export function connectionError(code: ErrorCode, message: string): Http2Error {
  return new Http2Error('connection', code, message);
}

export function streamError(code: ErrorCode, message: string): Http2Error {
  return new Http2Error('stream', code, message);
}
