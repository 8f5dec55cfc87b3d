import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { answerFraming, serializeResponseHead } from '../../../core/http1/serialize-response.ts';
import { parseResponseHead } from '../../../core/http1/parse-head.ts';
import { HeaderKind } from '../../../core/exchange/headers.ts';
import { mutate, mutations, validRequest } from './arbitrary-messages.ts';
import { fieldsOf, parse, refusalOf } from './read-request.ts';

const client = parse(['GET / HTTP/1.1', 'Host: a']).head;
const answer = fc
  .tuple(
    fc.constantFrom('200 OK', '204 ', '304 Not Modified', '404 \u00e9', '500'),
    fc.constantFrom('1.0', '1.1'),
    validRequest(),
    fc.oneof(fc.constant([]), mutations),
  )
  .map(([status, version, { wire }, changes]) => {
    const text = wire.slice(wire.indexOf('\r\n') + 2);
    return mutate(`HTTP/${version} ${status}\r\n${text.slice(0, text.indexOf('\r\n\r\n'))}`, changes);
  });

describe('an answer that is parsed, serialised and parsed again', () => {
  test.each(['GET', 'HEAD'])('says the same to %s', (method) => {
    fc.assert(
      fc.property(answer, fc.boolean(), (text, close) => {
        fc.pre(refusalOf(() => parseResponseHead(text, method, 100)) === 'accepted');
        const { head } = parseResponseHead(text, method, 100);
        const framing = answerFraming(head, client);
        const written = serializeResponseHead(head, client, framing, close);
        expect(written.indexOf('\r\n\r\n')).toBe(written.length - 4);
        const again = parseResponseHead(written.slice(0, -4), method, 100);
        expect([again.head.status, again.head.reason]).toEqual([head.status, head.reason]);
        // What has no end of its own is chunked for a client that knows chunks.
        expect(again.head.framing).toEqual(framing === 'chunked' ? { kind: 'chunked' } : head.framing);
        expect(again.keepAlive).toBe(!close);
        const { nominated } = head;
        const endToEnd = fieldsOf(head.headers).filter(
          ([name], i) =>
            head.headers.kinds[i] === HeaderKind.EndToEnd && !(nominated ?? []).includes(name.toLowerCase()),
        );
        expect(
          fieldsOf(again.head.headers).filter((_, i) => again.head.headers.kinds[i] === HeaderKind.EndToEnd),
        ).toEqual(endToEnd);
      }),
      { numRuns: 500 },
    );
  });
});
