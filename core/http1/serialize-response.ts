import { HeaderKind, type HeaderList } from '../exchange/headers.ts';
import type { RequestHead, ResponseHead } from '../exchange/streams.ts';
import { httpDate } from '../shared/http-date.ts';

/** How the answer is framed towards this client. */
export type AnswerFraming = 'none' | 'length' | 'chunked' | 'until-close';

/** `request`: null for what was no request. An HTTP/1.0 client knows no chunks (RFC 9112 7). */
export function answerFraming(head: ResponseHead, request: RequestHead | null): AnswerFraming {
  const { kind } = head.framing;
  if (kind === 'none' || kind === 'length') return kind;
  return request?.version === 'HTTP/1.1' ? 'chunked' : 'until-close';
}

/**
 * The whole head of an answer with its final empty line. Framing and connection fields are
 * written anew from what was parsed; the others keep case, order and duplicates.
 */
export function serializeResponseHead(
  head: ResponseHead,
  request: RequestHead | null,
  framing: AnswerFraming,
  close: boolean,
): string {
  const { names, lowerNames, values, kinds } = head.headers;
  let text = `HTTP/1.1 ${head.status} ${head.reason}\r\n`;
  let dated = false;
  for (let i = 0; i < names.length; i++) {
    switch (kinds[i]) {
      case HeaderKind.TransferEncoding:
      case HeaderKind.Connection:
      case HeaderKind.HopByHop:
      case HeaderKind.Upgrade:
        continue;
      case HeaderKind.ContentLength:
        // RFC 9110 8.6: in an answer to HEAD and in a 304 it says what a GET would give; in 1xx and 204 it must not be.
        if (framing === 'none' && (head.status === 204 || head.status < 200)) continue;
        if (framing === 'chunked' || framing === 'until-close') continue;
        break;
      case HeaderKind.Date:
        dated = true;
        break;
      default:
    }
    if (
      head.nominated !== null &&
      head.nominated.includes(lowerNames[i] ?? '') &&
      kinds[i] !== HeaderKind.ContentLength
    )
      continue;
    text += `${names[i]}: ${values[i]}\r\n`;
  }
  // RFC 9110 6.6.1: an answer that came without a date gets one from the first recipient with a clock.
  if (!dated) text += `Date: ${httpDate()}\r\n`;
  if (framing === 'chunked') text += 'Transfer-Encoding: chunked\r\n';
  if (close) text += 'Connection: close\r\n';
  else if (request?.version === 'HTTP/1.0') text += 'Connection: keep-alive\r\n';
  return `${text}\r\n`;
}

/** The whole head of a 1xx other than 101: end-to-end fields alone. */
export function serializeInformationalHead(status: number, reason: string, headers: HeaderList): string {
  let text = `HTTP/1.1 ${status} ${reason}\r\n`;
  for (let i = 0; i < headers.length; i++) {
    if (headers.kinds[i] === HeaderKind.EndToEnd) text += `${headers.names[i]}: ${headers.values[i]}\r\n`;
  }
  return `${text}\r\n`;
}

/** The whole head of a 101 that switches to WebSocket. */
export function serializeSwitchingHead(reason: string, headers: HeaderList): string {
  let text = `HTTP/1.1 101 ${reason}\r\n`;
  for (let i = 0; i < headers.length; i++) {
    const kind = headers.kinds[i];
    if (kind === HeaderKind.EndToEnd || kind === HeaderKind.Date)
      text += `${headers.names[i]}: ${headers.values[i]}\r\n`;
  }
  return `${text}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
}
