import type { TunnelEnd, TunnelEvents } from '../exchange/streams.ts';
import { closeFrame, pingFrame } from './control-frames.ts';
import { FrameFollower } from './frame-follower.ts';

/** What a direction tells its tunnel. */
export interface DirectionOwner {
  /** More of the frame came that a close frame waits for the end of. */
  onLastFrame(): void;
  /** `from` has sent its close frame, or ended. */
  onSenderDone(direction: TunnelDirection): void;
  /** `from` is closed in both directions. */
  onGone(direction: TunnelDirection, failed: boolean): void;
}

/**
 * What goes from one end of a WebSocket to the other, and what befalls the end it comes from. Bytes
 * pass as they are; frames of our own go in between two of theirs, never into one.
 */
export class TunnelDirection implements TunnelEvents {
  /** Passed on. */
  bytes = 0;
  /** When something last came, on the clock of performance.now(). */
  lastMs = performance.now();
  /** When the sender was last asked for a sign of life. */
  pingedMs = 0;
  /** Nothing more will come. */
  ended = false;
  /** The sender is closed in both directions. */
  gone = false;
  readonly from: TunnelEnd;
  readonly #to: TunnelEnd;
  readonly #masked: boolean;
  readonly #owner: DirectionOwner;
  readonly #frames = new FrameFollower();
  #close: 'unasked' | 'waiting' | 'sent' = 'unasked';
  #paused = false;
  #back: TunnelDirection = this;

  /** `masked`: whether our own frames are to be, since `to` is a server. */
  constructor(from: TunnelEnd, to: TunnelEnd, masked: boolean, owner: DirectionOwner) {
    this.from = from;
    this.#to = to;
    this.#masked = masked;
    this.#owner = owner;
  }

  /** `back`: the other direction. */
  open(back: TunnelDirection): void {
    this.#back = back;
    this.from.open(this);
    if (this.from.readAhead !== null) this.onData(this.from.readAhead);
  }

  /** Whether the sender has not ended, and the receiver takes what comes. */
  get flows(): boolean {
    return !this.ended && !this.#paused;
  }

  /** Whether the sender's close frame went by. */
  get senderClosed(): boolean {
    return this.#frames.closed;
  }

  /** Whether our close frame waits for the end of a frame that is under way. */
  get closeWaits(): boolean {
    return this.#close === 'waiting' && !this.ended;
  }

  /** Whether the receiver has a close frame, ours or the sender's, and nothing more will follow. */
  get closeSent(): boolean {
    return this.#close === 'sent';
  }

  /** Asks the receiver for a sign of life, unless a frame is under way or nothing may follow any more. */
  ping(): void {
    if (this.#frames.atBoundary && !this.#frames.closed && this.flows) this.#write(pingFrame(this.#masked));
  }

  /** Sends a close frame as soon as no frame is under way. Nothing is passed on after it. */
  close(): void {
    if (this.#close !== 'unasked') return;
    if (this.#frames.atBoundary || this.ended) this.#sendClose();
    else this.#close = 'waiting';
  }

  /** Ends the receiver at once, within the frame that is under way. */
  cut(): void {
    this.#close = 'sent';
    this.#to.destroy();
  }

  onData(piece: Buffer): void {
    this.lastMs = performance.now();
    if (this.#close === 'unasked') {
      const wasClosed = this.#frames.closed;
      this.#frames.follow(piece);
      this.#pass(piece);
      if (this.#frames.closed && !wasClosed) this.#owner.onSenderDone(this);
    } else if (this.#close === 'waiting') this.#finishFrame(piece);
    else this.#drop(piece);
  }

  #finishFrame(piece: Buffer): void {
    const end = this.#frames.followToBoundary(piece);
    this.#pass(end === piece.length ? piece : piece.subarray(0, end));
    if (this.#frames.atBoundary) this.#sendClose();
    this.#owner.onLastFrame();
    if (end < piece.length) this.#drop(piece.subarray(end));
    else if (this.#frames.closed) this.#owner.onSenderDone(this);
  }

  /** Nothing may follow a close frame (RFC 6455 5.5.1); what comes is looked through for the sender's own. */
  #drop(piece: Buffer): void {
    this.#frames.follow(piece);
    if (this.#frames.closed) this.#owner.onSenderDone(this);
  }

  #pass(piece: Buffer): void {
    this.bytes += piece.length;
    this.#write(piece);
  }

  #write(bytes: Buffer): void {
    if (this.#back.gone || this.#to.write(bytes)) return;
    this.#paused = true;
    this.from.pause();
  }

  #sendClose(): void {
    this.#close = 'sent';
    if (!this.#frames.closed && !this.ended && !this.#back.gone) this.#to.write(closeFrame(this.#masked));
    // What it sends goes nowhere from now on, so that it need not wait for anybody.
    if (this.#paused) this.flow();
  }

  onEnd(): void {
    if (this.ended) return;
    this.ended = true;
    if (this.#close !== 'sent') this.#to.end();
    this.#owner.onSenderDone(this);
  }

  /** The end that this direction reads from takes more: what goes there may flow again. */
  onWritable(): void {
    this.#back.flow();
  }

  flow(): void {
    this.#paused = false;
    this.lastMs = performance.now();
    this.from.resume();
  }

  onClose(failed: boolean): void {
    this.ended = true;
    this.gone = true;
    this.#owner.onGone(this, failed);
  }
}
