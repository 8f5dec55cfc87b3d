/**
 * A plain reader of HTTP/1.1 messages for tests: it shares nothing with the parser under test, trusts
 * its input, and keeps every byte of a head to compare with. All text is latin1.
 */
export interface RawMessage {
  /** Start line and header lines, without the empty line. */
  readonly head: string;
  readonly startLine: string;
  /** As received: order, case and duplicates kept. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The values of a field joined by `, `, or null. */
  header(name: string): string | null;
}

export function parseRawHead(head: string): RawMessage {
  const [startLine = '', ...lines] = head.split('\r\n');
  const headers = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
  });
  return {
    head,
    startLine,
    headers,
    header(name) {
      const values = headers
        .filter(([each]) => each.toLowerCase() === name.toLowerCase())
        .map(([, value]) => value);
      return values.length === 0 ? null : values.join(', ');
    },
  };
}

export interface RawBody {
  readonly body: string;
  /** Trailer lines joined by CRLF; empty where there were none. */
  readonly trailers: string;
  /** The text behind the body. */
  readonly rest: string;
}

/** Takes a body off `text`, or null while it is not whole. `bodiless`: HEAD, 204 and their like. */
export function takeBody(message: RawMessage, text: string, bodiless: boolean): RawBody | null {
  if (bodiless) return { body: '', trailers: '', rest: text };
  if (message.header('transfer-encoding') === 'chunked') return takeChunked(text);
  const length = Number(message.header('content-length') ?? 0);
  return text.length < length
    ? null
    : { body: text.slice(0, length), trailers: '', rest: text.slice(length) };
}

function takeChunked(text: string): RawBody | null {
  const pieces: string[] = [];
  let position = 0;
  for (;;) {
    const lineEnd = text.indexOf('\r\n', position);
    if (lineEnd === -1) return null;
    const size = Number.parseInt(text.slice(position, lineEnd), 16);
    if (size === 0) {
      if (text.startsWith('\r\n', lineEnd + 2))
        return { body: pieces.join(''), trailers: '', rest: text.slice(lineEnd + 4) };
      const end = text.indexOf('\r\n\r\n', lineEnd + 2);
      return end === -1
        ? null
        : { body: pieces.join(''), trailers: text.slice(lineEnd + 2, end), rest: text.slice(end + 4) };
    }
    position = lineEnd + 2 + size + 2;
    if (text.length < position) return null;
    pieces.push(text.slice(lineEnd + 2, lineEnd + 2 + size));
  }
}
