import { MAX_WINDOW_BYTES } from './frame-types.ts';

/** What a peer may still send, or we to it, on a stream or a connection (RFC 9113 5.2). Can be negative after a change of settings. */
export class FlowWindow {
  bytes: number;

  constructor(bytes: number) {
    this.bytes = bytes;
  }

  /** @returns false when it would pass 2^31 - 1 (RFC 9113 6.9.1) */
  grow(bytes: number): boolean {
    this.bytes += bytes;
    return this.bytes <= MAX_WINDOW_BYTES;
  }

  /** @returns false when more is taken than is left */
  take(bytes: number): boolean {
    this.bytes -= bytes;
    return this.bytes >= 0;
  }
}
