import { fileURLToPath } from 'node:url';
import type { Child, Children, Command } from '../process/children.ts';
import { findProgram } from '../process/find-program.ts';
import { parseLoadOutput, type LoadResult } from './load-result.ts';
import { requestHeaders } from './request-headers.ts';

export interface LoadSettings {
  readonly port: number;
  /** May hold `{n}`: then `spread` says how many different numbers take its place. */
  readonly path: string;
  readonly spread?: number;
  readonly connections: number;
  readonly seconds: number;
  /** https: with HTTP/1.1. */
  readonly scheme?: 'http' | 'https';
}

export const loadGenerator = findProgram('wrk') === null ? 'node (wrk is not installed)' : 'wrk';

/** Runs the load generator on its core until its time is over. */
export async function runLoad(
  children: Children,
  core: number | null,
  settings: LoadSettings,
): Promise<LoadResult> {
  const load = await startLoad(children, core, settings);
  await load.finish(settings.seconds + 30);
  return parseLoadOutput(load.output);
}

/** Starts the load and leaves it running; `endLoad` ends it before its time. */
export async function startLoad(
  children: Children,
  core: number | null,
  settings: LoadSettings,
): Promise<Child> {
  return children.start(loadCommand(settings), core);
}

export async function endLoad(load: Child): Promise<LoadResult> {
  load.signal('SIGINT');
  await load.finish(30);
  return parseLoadOutput(load.output);
}

function loadCommand({ port, path, spread, connections, seconds, scheme = 'http' }: LoadSettings): Command {
  const wrk = findProgram('wrk');
  if (wrk === null) {
    if (scheme === 'https') throw new Error('HTTPS is measured with wrk: apt-get install wrk');
    const script = fileURLToPath(new URL('./node-load.ts', import.meta.url));
    const numbers = [port, connections, seconds, spread ?? 1].map(String);
    return { program: process.execPath, args: [script, path, ...numbers] };
  }
  const script = fileURLToPath(new URL('./wrk-summary.lua', import.meta.url));
  const headers = requestHeaders.flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const size = ['-t', '1', '-c', String(connections), '-d', `${seconds}s`, '--timeout', '10s'];
  const spreading = spread === undefined ? [] : ['--', String(spread)];
  return {
    program: wrk,
    args: [...size, ...headers, '-s', script, `${scheme}://127.0.0.1:${port}${path}`, ...spreading],
  };
}
