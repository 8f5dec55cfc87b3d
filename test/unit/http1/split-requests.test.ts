import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutUp, cuts, mutate, mutations, validRequest } from './arbitrary-messages.ts';
import { receive, type ReceivedRequest } from './drive-connection.ts';

const pipeline = fc.array(validRequest(), { minLength: 1, maxLength: 3 });

describe('requests that arrive in pieces', () => {
  test('are read as they are in one piece, wherever they are cut', () => {
    fc.assert(
      fc.property(pipeline, cuts, (requests, at) => {
        const wire = requests.map((request) => request.wire).join('');
        const whole = receive([wire]);
        const last = whole.requests.findIndex((request) => !request.keepAlive);
        expect(whole.refusal).toBeNull();
        expect(whole.requests).toHaveLength(last === -1 ? requests.length : last + 1);
        for (const [i, { body, method }] of requests.slice(0, whole.requests.length).entries()) {
          expect(whole.requests[i]).toMatchObject({
            body: body.data,
            trailers: body.trailers,
            head: { method },
          });
        }
        expect(receive(cutUp(wire, at))).toEqual(whole);
      }),
      { numRuns: 300 },
    );
  });

  test('are read as they are in one piece, byte by byte', () => {
    fc.assert(
      fc.property(pipeline, (requests) => {
        const wire = requests.map((request) => request.wire).join('');
        expect(receive(wire.split(''))).toEqual(receive([wire]));
      }),
      { numRuns: 100 },
    );
  });

  test('broken ones are refused all the same', () => {
    fc.assert(
      fc.property(validRequest(), mutations, cuts, (request, changes, at) => {
        const wire = `${mutate(request.wire, changes)}\r\n\r\n`;
        const pieces = receive(cutUp(wire, at));
        const whole = receive([wire]);
        // What came of a broken body, and which of several faults is met first, may depend on the cuts.
        expect(pieces.requests.map(withoutBody)).toEqual(whole.requests.map(withoutBody));
        expect(pieces.refusal !== null).toBe(whole.refusal !== null);
      }),
      { numRuns: 1000 },
    );
  });
});

function withoutBody({ head, fields, keepAlive, trailers }: ReceivedRequest): Omit<ReceivedRequest, 'body'> {
  return { head, fields, keepAlive, trailers };
}
