import { connectionError, ErrorCode } from './errors.ts';
import { DEFAULT_FRAME_BYTES, DEFAULT_WINDOW_BYTES, MAX_WINDOW_BYTES } from './frame-types.ts';

/** RFC 9113 6.5.2, RFC 8441 3. */
export const SettingId = {
  HeaderTableSize: 0x1,
  EnablePush: 0x2,
  MaxConcurrentStreams: 0x3,
  InitialWindowSize: 0x4,
  MaxFrameSize: 0x5,
  MaxHeaderListSize: 0x6,
  EnableConnectProtocol: 0x8,
} as const;

/** What the peer has said of itself, with the values that hold until it does. */
export class PeerSettings {
  headerTableBytes = 4096;
  maxStreams = Number.POSITIVE_INFINITY;
  windowBytes = DEFAULT_WINDOW_BYTES;
  maxHeaderListBytes = Number.POSITIVE_INFINITY;
  connectProtocol = false;

  /**
   * Takes one SETTINGS frame's payload. Unknown settings are ignored (RFC 9113 6.5.2).
   * @throws Http2Error of the connection
   */
  apply(payload: Buffer): void {
    if (payload.length % 6 !== 0)
      throw connectionError(ErrorCode.FrameSizeError, 'SETTINGS of an odd length');
    for (let at = 0; at < payload.length; at += 6)
      this.#set(payload.readUInt16BE(at), payload.readUInt32BE(at + 2));
  }

  #set(id: number, value: number): void {
    switch (id) {
      case SettingId.HeaderTableSize:
        this.headerTableBytes = value;
        break;
      case SettingId.EnablePush:
        if (value > 1) throw connectionError(ErrorCode.ProtocolError, 'ENABLE_PUSH is not 0 or 1');
        break;
      case SettingId.MaxConcurrentStreams:
        this.maxStreams = value;
        break;
      case SettingId.InitialWindowSize:
        if (value > MAX_WINDOW_BYTES)
          throw connectionError(ErrorCode.FlowControlError, 'INITIAL_WINDOW_SIZE is above 2^31-1');
        this.windowBytes = value;
        break;
      case SettingId.MaxFrameSize:
        // Valid or not; the frames that we send have the size that every peer takes.
        if (value < DEFAULT_FRAME_BYTES || value > 0xff_ff_ff)
          throw connectionError(ErrorCode.ProtocolError, 'MAX_FRAME_SIZE is out of its range');
        break;
      case SettingId.MaxHeaderListSize:
        this.maxHeaderListBytes = value;
        break;
      case SettingId.EnableConnectProtocol:
        // RFC 8441 3: not to be taken back.
        if (value > 1 || (this.connectProtocol && value === 0))
          throw connectionError(ErrorCode.ProtocolError, 'ENABLE_CONNECT_PROTOCOL is out of order');
        this.connectProtocol = value === 1;
        break;
      default:
    }
  }
}
