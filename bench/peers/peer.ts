import type { Command } from '../process/children.ts';

export interface PeerContext {
  /** The peer's own, empty and existing. */
  readonly folder: string;
  readonly port: number;
  readonly backendPort: number;
  /** To serve HTTPS, with HTTP/1.1 and HTTP/2 by ALPN; null: plain HTTP/1.1. */
  readonly certificate: Certificate | null;
  /** `websocket`: upgrades pass, too; `grpc`: the backend speaks HTTP/2 with prior knowledge; `tcp` and `udp`: bytes pass as they are. */
  readonly traffic: Traffic;
}

export type Traffic = 'http' | 'websocket' | 'grpc' | 'tcp' | 'udp';

/** Absolute paths of PEM files; `both` holds the certificate and its key. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  readonly both: string;
}

/**
 * A proxy to measure. All are told the same: one process or worker, no access log, and for HTTP keep-alive on both sides and
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
