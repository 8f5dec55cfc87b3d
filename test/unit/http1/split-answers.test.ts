import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AnswerReader } from '../../../core/http1/answer-reader.ts';
import { cutUp, cuts } from './arbitrary-messages.ts';
import { deliver } from './shared-buffer.ts';

interface ReadAnswers {
  readonly statuses: number[];
  body: string;
  whole: boolean;
  refused: boolean;
}

/** Reads the answer to one request; `slow`: its body is not taken before all has arrived. */
function read(pieces: readonly string[], slow: boolean): ReadAnswers {
  const answers: ReadAnswers = { statuses: [], body: '', whole: false, refused: false };
  const limits = { headBytes: 32 * 1024, headers: 100 };
  const reader = new AnswerReader(
    {
      onAnswerHead({ head }) {
        answers.statuses.push(head.status);
        reader.paused = slow && head.status >= 200;
      },
      onUnreadable: () => void (answers.refused = true),
      onBodyData: (piece) => void (answers.body += piece.toString('latin1')),
      onBodyPause() {},
      onBodyEnd: () => void (answers.whole = true),
      onBodyError() {},
    },
    limits,
  );
  reader.expectAnswer('GET', limits);
  for (const piece of pieces) deliver(reader, Buffer.from(piece, 'latin1'));
  reader.paused = false;
  reader.advance();
  return answers;
}

const body = fc.stringMatching(/^[a-z]{1,200}$/);
const framed = body.chain((text) =>
  fc.constantFrom(
    { text, wire: `Content-Length: ${text.length}\r\n\r\n${text}` },
    { text, wire: `Transfer-Encoding: chunked\r\n\r\n${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n` },
  ),
);

test('an answer that arrives in pieces is read as it is in one piece, wherever it is cut and whenever it is taken', () => {
  fc.assert(
    fc.property(framed, fc.boolean(), cuts, fc.boolean(), ({ text, wire }, hints, at, slow) => {
      const hint = hints ? 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n' : '';
      expect(read(cutUp(`${hint}HTTP/1.1 200 OK\r\n${wire}`, at), slow)).toEqual({
        statuses: hints ? [103, 200] : [200],
        body: text,
        whole: true,
        refused: false,
      });
    }),
    { numRuns: 500 },
  );
});
