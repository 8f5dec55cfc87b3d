import type { Children } from '../process/children.ts';
import { findProgram } from '../process/find-program.ts';
import type { LoadResult } from './load-result.ts';
import { requestHeaders } from './request-headers.ts';

/** What is not installed, or null. */
export function missingH2load(): string | null {
  return findProgram('h2load') === null ? 'h2load: apt-get install nghttp2-client' : null;
}

export interface H2loadSettings {
  readonly port: number;
  readonly connections: number;
  /** Requests under way on each connection. */
  readonly streams: number;
  readonly seconds: number;
  /** Default: a GET with the headers of a browser. `file` holds the body. */
  readonly post?: { readonly path: string; readonly file: string; readonly headers: readonly string[] };
}

/** Runs h2load over TLS until its time is over. */
export async function runH2load(
  children: Children,
  core: number | null,
  { port, connections, streams, seconds, post }: H2loadSettings,
): Promise<LoadResult> {
  const headers = post?.headers ?? requestHeaders.map(([name, value]) => `${name}: ${value}`);
  const body = post === undefined ? [] : ['-d', post.file];
  const size = ['-t', '1', '-c', String(connections), '-m', String(streams), '-D', String(seconds)];
  const fields = headers.flatMap((header) => ['-H', header]);
  const args = [...size, ...fields, ...body, `https://127.0.0.1:${port}${post?.path ?? '/'}`];
  const load = await children.start({ program: 'h2load', args }, core);
  await load.finish(seconds + 30);
  return readH2load(load.output, seconds);
}

/** @throws Error with the output where it is not h2load's */
function readH2load(output: string, seconds: number): LoadResult {
  const requests = /requests: (\d+) total.* (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout/.exec(
    output,
  );
  const codes = /status codes: \d+ 2xx, \d+ 3xx, (\d+) 4xx, (\d+) 5xx/.exec(output);
  // min, max, mean, deviation, share within it: h2load prints no percentiles.
  const time = /time for request:\s+(\S+)\s+(\S+)\s+(\S+)/.exec(output);
  if (requests === null || codes === null || time === null || !output.includes('Application protocol: h2'))
    throw new Error(`h2load printed no result of HTTP/2:\n${output}`);
  return {
    requests: Number(requests[2]),
    seconds,
    p50Ms: milliseconds(time[3]),
    p99Ms: milliseconds(time[2]),
    maxMs: milliseconds(time[2]),
    socketErrors: Number(requests[4]) + Number(requests[5]),
    errorAnswers: Number(codes[1]) + Number(codes[2]),
  };
}

const UNITS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000 };

/** `1.20ms`, `870us`, `1.02s`. */
function milliseconds(text = ''): number {
  const match = /^([\d.]+)(us|ms|s)$/.exec(text);
  const unit = UNITS[match?.[2] ?? ''];
  if (match === null || unit === undefined) throw new Error(`h2load printed a time that is none: ${text}`);
  return Number(match[1]) * unit;
}
