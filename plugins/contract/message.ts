/** Header fields as a plugin sees them. Names are matched whatever their case. */
export interface PluginHeaders extends Iterable<readonly [name: string, value: string]> {
  /** All values joined by `, ` (Set-Cookie and Cookie: the first), or null. */
  get(name: string): string | null;
  /** Each field's value. */
  getAll(name: string): readonly string[];
  has(name: string): boolean;
  /**
   * Replaces all fields of the name. Throws for a name or value that RFC 9110 5.1, 5.5 do not allow, and for the fields
   * that are the proxy's own: framing, connection fields and Host.
   */
  set(name: string, value: string): void;
  append(name: string, value: string): void;
  delete(name: string): void;
}

/** A body that comes in pieces. Its `return` is called when the exchange ends before it does. */
export type BodyStream = AsyncIterable<Uint8Array>;

/** An answer that a plugin gives itself. */
export interface PluginAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** null, or left out: none. A stream is sent chunked, unless `length` says how many bytes it has; a stream of another length is cut off. */
  readonly body?: string | Uint8Array | BodyStream | null;
  readonly length?: number;
}

/** Where a body passes through. */
export interface BodyTransform {
  /**
   * `piece` is valid during the call only: who keeps it keeps a copy. `push` hands bytes on (it is done with them when it returns).
   * Where it returns a promise no more comes until that is settled, and the sender waits; push may be called until then, with
   * nothing too, which says that the promise is not stuck.
   */
  data(piece: Uint8Array, push: (piece: Uint8Array) => void): void | Promise<void>;
  /** Nothing follows; the last bytes may be pushed. */
  end?(push: (piece: Uint8Array) => void): void | Promise<void>;
  /** What came so far is to leave now: the sender pauses (an event stream between two events). */
  flush?(push: (piece: Uint8Array) => void): void | Promise<void>;
  /** Called once at the end, whether the body was whole or not: gives back what the transform holds. */
  close?(): void;
}

/** What a body hook returns to take part. */
export interface BodyHook {
  readonly transform: BodyTransform;
  /** The transform sees and gives the content itself: what Content-Encoding says is undone before and done again after. A coding that is not known fails the exchange by `onError`, and is not counted as a fault. */
  readonly decoded?: boolean;
  /** How many bytes leave, where it is known. 'same': as many as come (a transform that only looks, or waits). Left out: unknown, the length field goes. */
  readonly length?: number | 'same';
}
