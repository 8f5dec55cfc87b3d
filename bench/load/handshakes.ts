import { fileURLToPath } from 'node:url';
import type { Children } from '../process/children.ts';
import { parseLoadOutput, type LoadResult } from './load-result.ts';

export interface HandshakeSettings {
  readonly port: number;
  readonly seconds: number;
  /** At a time. */
  readonly connections: number;
  readonly resumed: boolean;
  /** What is asked for (SNI). May hold `{n}`: then `spread` says how many different numbers take its place. */
  readonly serverName: string;
  readonly spread?: number;
}

/** Makes TLS 1.3 handshakes, and counts them as the requests of its result. */
export async function runHandshakes(
  children: Children,
  core: number | null,
  { port, seconds, connections, resumed, serverName, spread = 1 }: HandshakeSettings,
): Promise<LoadResult> {
  const script = fileURLToPath(new URL('./node-handshakes.ts', import.meta.url));
  const numbers = [port, seconds, connections, spread].map(String);
  const args = [script, resumed ? 'resumed' : 'full', serverName, ...numbers];
  const load = await children.start({ program: process.execPath, args }, core);
  await load.finish(seconds + 30);
  return parseLoadOutput(load.output);
}
