import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { formatCombined } from '../../../core/worker/access-log-format.ts';
import { connectionEntry, entry } from './support.ts';

/** Within quotes: printable ASCII, with quotes and backslashes escaped. */
const COMBINED =
  /^192\.0\.2\.1 - - \[03\/Feb\/2026:04:05:06 \+0000\] "(?:[^"\\]|\\.)*" (?:\d{3}|-) (?:\d+|-) "(?:[^"\\]|\\.)*" "(?:[^"\\]|\\.)*"$/;

describe('combined format', () => {
  test('an entry', () => {
    expect(formatCombined({ ...entry, referer: 'https://example.com/' })).toBe(
      '192.0.2.1 - - [03/Feb/2026:04:05:06 +0000] "GET /a?b=c HTTP/1.1" 200 1234 "https://example.com/" "curl/8"\n',
    );
  });

  test('what is not known is a hyphen', () => {
    expect(
      formatCombined({
        ...entry,
        method: null,
        target: null,
        protocol: null,
        status: null,
        responseBytes: 0,
        userAgent: '',
      }),
    ).toBe('192.0.2.1 - - [03/Feb/2026:04:05:06 +0000] "-" - - "-" "-"\n');
  });

  test('a connection: what it was and why it ended in the place of the request', () => {
    expect(formatCombined(connectionEntry)).toBe(
      '192.0.2.1 - - [03/Feb/2026:04:05:06 +0000] "TCP db closed" - 52311 "-" "-"\n',
    );
  });

  test('quotes, backslashes and other than printable ASCII are escaped', () => {
    const line = formatCombined({ ...entry, target: '/"\\\x00\n\x1b\x7f\xe9', userAgent: '" 200 1 "' });
    expect(line).toContain('"GET /\\"\\\\\\x00\\x0a\\x1b\\x7f\\xe9 HTTP/1.1"');
    expect(line).toContain('"\\" 200 1 \\""\n');
  });

  test('no value breaks the line or its fields', () => {
    const hostile = fc.string({
      unit: fc.integer({ min: 0, max: 0x3ff }).map((code) => String.fromCharCode(code)),
    });
    fc.assert(
      fc.property(hostile, hostile, hostile, hostile, (method, target, referer, userAgent) => {
        const line = formatCombined({ ...entry, method, target, referer, userAgent });
        expect(line.slice(0, -1)).toMatch(COMBINED);
        expect(line.slice(0, -1)).not.toMatch(/[^\x20-\x7e]/);
      }),
    );
  });
});
