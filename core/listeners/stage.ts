/** What holds a connection at present: a handshake, an HTTP/1.1 connection, an HTTP/2 session. It says `onClosed` to the listener in the end. */
export interface Stage {
  /** Ends the connection now if it is idle; else after what runs on it, since `draining` is set. */
  closeIfIdle(): void;
  /** Ends it at once. */
  destroy(): void;
}
