import { describe, expect, test } from 'vitest';
import { receive } from './drive-connection.ts';

const wire = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const size = wire.length - 4;

// Counted without the empty line at its end.
describe.each([
  ['in one piece', [wire]],
  ['byte by byte', wire.split('')],
  ['cut within the empty line', [wire.slice(0, -1), wire.slice(-1)]],
])('a head that arrives %s', (_how, pieces) => {
  test('may be of exactly the limit', () => {
    expect(receive(pieces, { headBytes: size, targetBytes: 1 })).toMatchObject({
      requests: [{ fields: [['Host', 'a']] }],
      refusal: null,
    });
  });

  test('is refused with one byte more', () => {
    expect(receive(pieces, { headBytes: size - 1, targetBytes: 1 })).toMatchObject({ requests: [] });
    expect(receive(pieces, { headBytes: size - 1, targetBytes: 1 }).refusal).toMatch(
      /^request-(head-too-large|target-too-long)$/,
    );
  });
});
