import { parseResponseHead } from '../../http1/parse-head.ts';
import type { ParsedResponse } from '../../http1/parse-head.ts';
import { ChunkedDecoder } from '../../http1/chunked-decoder.ts';
import type { HttpProbeConfig } from '../../shared/health-types.ts';
import { packageVersion } from '../../shared/package-version.ts';
import { Conversation } from './conversation.ts';
import type { Talk } from './conversation.ts';
import { judgeAnswer, wantsBody } from './http-answer.ts';
import { hostOf, quoted } from './probe.ts';
import type { CheckTarget, ProbeResult, RunningProbe } from './probe.ts';

export const USER_AGENT = `Tidegate-health-check/${packageVersion()}`;

const mostFields = 200;

/** `http` and `https`: one request over HTTP/1.1 on a connection of its own. */
export function probeHttp(
  target: CheckTarget,
  probe: HttpProbeConfig,
  done: (result: ProbeResult) => void,
): RunningProbe {
  let text = requests.get(target);
  if (text === undefined) {
    text = requestText(target, probe, ['Connection: close']);
    requests.set(target, text);
  }
  return new Conversation(target, new HttpTalk(text, probe), done);
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

class HttpTalk implements Talk {
  readonly opening: string;
  readonly awaits = 'no complete answer';
  readonly protocols = ['http/1.1'];
  readonly #probe: HttpProbeConfig;
  readonly #heads = new HeadReader();
  #found: ReturnType<HeadReader['read']> = null;

  constructor(opening: string, probe: HttpProbeConfig) {
    this.opening = opening;
    this.#probe = probe;
  }

  judge(received: string, ended: boolean): ProbeResult | null {
    try {
      this.#found ??= this.#heads.read(received, this.#probe.method);
      if (this.#found === null) return null;
      const { answer, bodyStart } = this.#found;
      const { status } = answer.head;
      if (!wantsBody(this.#probe, status)) return judgeAnswer(this.#probe, status, '');
      const body = bodyOf(answer, received, bodyStart, ended);
      return body === null ? null : judgeAnswer(this.#probe, status, body);
    } catch (error) {
      return {
        ok: false,
        reason: `a malformed answer: ${quoted(error instanceof Error ? error.message : '')}`,
      };
    }
  }
}

/** null: there is more to come. */
function bodyOf({ head }: ParsedResponse, received: string, start: number, ended: boolean): string | null {
  const { framing } = head;
  switch (framing.kind) {
    case 'none':
      return '';
    case 'length':
      if (received.length >= start + framing.bytes) return received.slice(start, start + framing.bytes);
      return ended ? received.slice(start) : null;
    case 'until-close':
      return ended ? received.slice(start) : null;
    case 'chunked': {
      // Looked at only where it may be whole, not again and again for each piece.
      if (!ended && !received.endsWith('\r\n\r\n')) return null;
      const pieces: Buffer[] = [];
      const end = new ChunkedDecoder().decode(Buffer.from(received.slice(start), 'latin1'), 0, {
        onBodyData: (piece) => pieces.push(piece),
      });
      return end === -1 && !ended ? null : Buffer.concat(pieces).toString('latin1');
    }
  }
}
