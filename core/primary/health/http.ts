import { parseResponseHead } from '../../http1/parse-head.ts';
import type { ParsedResponse } from '../../http1/parse-head.ts';
import { ChunkedDecoder } from '../../http1/chunked-decoder.ts';
import type { HttpProbeConfig } from '../../shared/health-types.ts';
import { packageVersion } from '../../shared/package-version.ts';
import { Conversation } from './conversation.ts';
import type { Reuse, Talk } from './conversation.ts';
import { judgeAnswer, wantsBody } from './http-answer.ts';
import { longestIntervalMs } from './kept-connections.ts';
import type { KeptConnections } from './kept-connections.ts';
import { hostOf, quoted } from './probe.ts';
import type { CheckTarget, ProbeResult, RunningProbe } from './probe.ts';

export const USER_AGENT = `Tidegate-health-check/${packageVersion()}`;

const mostFields = 200;

/** `http` and `https`: one request over HTTP/1.1. */
export function probeHttp(
  target: CheckTarget,
  probe: HttpProbeConfig,
  done: (result: ProbeResult) => void,
  connections: KeptConnections,
): RunningProbe {
  const reuses = probe.reuse && target.check.intervalMs <= longestIntervalMs;
  let text = requests.get(target);
  if (text === undefined) {
    text = requestText(target, probe, reuses ? [] : ['Connection: close']);
    requests.set(target, text);
  }
  const talk = new HttpTalk(text, probe, connections);
  return new Conversation(target, talk, done, reuses ? talk : null);
}

/** The same each time, and there may be thousands of checks a second. */
const requests = new WeakMap<CheckTarget, string>();

/** `lines`: further ones, which belong to the protocol. */
export function requestText(
  target: CheckTarget,
  probe: Pick<HttpProbeConfig, 'path' | 'host' | 'headers'> & { readonly method: string },
  lines: readonly string[],
): string {
  const { method, path, host, headers } = probe;
  const names = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  const standard = [`User-Agent: ${USER_AGENT}`, 'Accept: */*'].filter(
    (line) => !names.has(line.slice(0, line.indexOf(':')).toLowerCase()),
  );
  const own = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return `${[`${method} ${path} HTTP/1.1`, `Host: ${host ?? hostOf(target)}`, ...standard, ...own, ...lines].join('\r\n')}\r\n\r\n`;
}

/** Reads answers until there is one that is not 1xx, or is 101. */
export class HeadReader {
  #start = 0;
  #searched = 0;

  /** @throws ProxyError when it is malformed */
  read(
    received: string,
    method: string,
  ): { readonly answer: ParsedResponse; readonly bodyStart: number } | null {
    for (;;) {
      const end = received.indexOf('\r\n\r\n', Math.max(this.#start, this.#searched - 3));
      this.#searched = received.length;
      if (end === -1) return null;
      const answer = parseResponseHead(received.slice(this.#start, end), method, mostFields);
      if (answer.head.status >= 200 || answer.head.status === 101) return { answer, bodyStart: end + 4 };
      this.#start = end + 4;
      this.#searched = this.#start;
    }
  }
}

class HttpTalk implements Talk, Reuse {
  readonly opening: string;
  readonly awaits = 'no complete answer';
  readonly protocols = ['http/1.1'];
  readonly connections: KeptConnections;
  readonly #probe: HttpProbeConfig;
  #heads = new HeadReader();
  #found: ReturnType<HeadReader['read']> = null;

  constructor(opening: string, probe: HttpProbeConfig, connections: KeptConnections) {
    this.opening = opening;
    this.#probe = probe;
    this.connections = connections;
  }

  judge(received: string, ended: boolean): ProbeResult | null {
    try {
      this.#found ??= this.#heads.read(received, this.#probe.method);
      if (this.#found === null) return null;
      const { answer, bodyStart } = this.#found;
      const { status } = answer.head;
      if (!wantsBody(this.#probe, status)) return judgeAnswer(this.#probe, status, '');
      const body = bodyOf(answer, received, bodyStart, ended);
      return body === null ? null : judgeAnswer(this.#probe, status, body.text);
    } catch (error) {
      return {
        ok: false,
        reason: `a malformed answer: ${quoted(error instanceof Error ? error.message : '')}`,
      };
    }
  }

  endOf(received: string): number | null {
    if (this.#found === null) return null;
    const { answer, bodyStart } = this.#found;
    if (!answer.keepAlive || answer.head.status === 101) return -1;
    try {
      const body = bodyOf(answer, received, bodyStart, false);
      return body === null ? null : body.end;
    } catch {
      return -1;
    }
  }

  restart(): void {
    this.#heads = new HeadReader();
    this.#found = null;
  }
}

/** Of the answer, as far as it has come. `end`: where it ends. */
interface Body {
  readonly text: string;
  readonly end: number;
}

/** null: there is more to come. */
function bodyOf({ head }: ParsedResponse, received: string, start: number, ended: boolean): Body | null {
  const { framing } = head;
  switch (framing.kind) {
    case 'none':
      return { text: '', end: start };
    case 'length': {
      const end = start + framing.bytes;
      return received.length >= end || ended ? { text: received.slice(start, end), end } : null;
    }
    case 'until-close':
      return ended ? { text: received.slice(start), end: -1 } : null;
    case 'chunked': {
      // Looked at only where it may be whole, not again and again for each piece.
      if (!ended && !received.endsWith('\r\n\r\n')) return null;
      const pieces: Buffer[] = [];
      const bytes = new ChunkedDecoder().decode(Buffer.from(received.slice(start), 'latin1'), 0, {
        onBodyData: (piece) => pieces.push(piece),
      });
      if (bytes === -1 && !ended) return null;
      return { text: Buffer.concat(pieces).toString('latin1'), end: start + bytes };
    }
  }
}
