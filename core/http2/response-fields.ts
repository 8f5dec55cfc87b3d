import { HeaderKind, type HeaderList } from '../exchange/headers.ts';
import type { FieldLine, ResponseHead } from '../exchange/streams.ts';
import { httpDate } from '../shared/http-date.ts';

/** An answer's head for a client: framing and connection fields are left out, the others keep order and duplicates. */
export function responseFields(head: ResponseHead): FieldLine[] {
  const { lowerNames, values, kinds } = head.headers;
  const fields: FieldLine[] = [[':status', String(head.status)]];
  let dated = false;
  for (let i = 0; i < lowerNames.length; i++) {
    const name = lowerNames[i] ?? '';
    switch (kinds[i]) {
      case HeaderKind.TransferEncoding:
      case HeaderKind.Connection:
      case HeaderKind.HopByHop:
      case HeaderKind.Upgrade:
      case HeaderKind.Te:
        continue;
      case HeaderKind.ContentLength:
        // RFC 9110 8.6: in an answer to HEAD and in a 304 it says what a GET would give; in a 204 it must not be.
        if (head.framing.kind === 'length' || (head.framing.kind === 'none' && head.status !== 204))
          fields.push([name, values[i] ?? '']);
        continue;
      case HeaderKind.Date:
        dated = true;
        break;
      default:
    }
    if (head.nominated !== null && head.nominated.includes(name)) continue;
    fields.push([name, values[i] ?? '']);
  }
  // RFC 9110 6.6.1: an answer that came without a date gets one from the first recipient with a clock.
  if (!dated) fields.push(['date', httpDate()]);
  return fields;
}

/** End-to-end fields alone: of a 1xx with its status, of trailers without. */
export function plainFields(headers: HeaderList, status: number | null): FieldLine[] {
  const fields: FieldLine[] = status === null ? [] : [[':status', String(status)]];
  for (let i = 0; i < headers.length; i++) {
    const kind = headers.kinds[i];
    if (kind === HeaderKind.EndToEnd || kind === HeaderKind.Date)
      fields.push([headers.lowerNames[i] ?? '', headers.values[i] ?? '']);
  }
  return fields;
}

/** RFC 8441 5.1: the acceptance of a WebSocket is a 200, without what proves it in HTTP/1.1. */
export function tunnelFields(headers: HeaderList): FieldLine[] {
  return plainFields(headers, 200).filter(([name]) => name !== 'sec-websocket-accept');
}
