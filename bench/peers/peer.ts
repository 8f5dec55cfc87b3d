import type { Command } from '../process/children.ts';

export interface PeerContext {
  /** The peer's own, empty and existing. */
  readonly folder: string;
  readonly port: number;
  readonly backendPort: number;
}

/**
 * A proxy to measure. All are told the same: one process or worker, keep-alive on both sides, no access log, and
 * X-Forwarded-For, -Proto, -Host and -Port towards the backend.
 */
export interface Peer {
  readonly name: string;
  /** What is not installed and how to get it, or null when all is there. */
  missing(): string | null;
  version(): string;
  /** Writes the peer's config and gives the command that runs it in the foreground. */
  prepare(context: PeerContext): Promise<Command>;
}
