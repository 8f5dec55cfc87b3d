import { expect, test } from 'vitest';
import { parseResponseHead } from '../../../core/http1/parse-head.ts';
import { refusal, refusalOf } from './read-request.ts';

const LONG = 'x'.repeat(20_000);

// They go into the log.
test.each([
  `Content-Length: ${LONG}`,
  `Content-Length: ${'9'.repeat(20_000)}`,
  `Transfer-Encoding: ${LONG}`,
  `Transfer-Encoding: ${'gzip,'.repeat(4000)}chunked`,
  `Connection: ${LONG} ${LONG}`,
  `Host: ${LONG}@`,
  LONG,
  `${LONG} : y`,
  `${LONG}: \0`,
])('the message of a refusal is short, whatever was sent: %.30s', (field) => {
  const hostless = field.startsWith('Host') ? [] : ['Host: a'];
  expect(refusal(['GET / HTTP/1.1', ...hostless, field]).length).toBeLessThan(200);
});

test('of an answer too', () => {
  expect(
    refusalOf(() => parseResponseHead(`HTTP/1.1 200 OK\r\nTransfer-Encoding: ${LONG}`, 'GET', 100)).length,
  ).toBeLessThan(200);
});

test('it holds no control characters', () => {
  expect(refusal(['GET / HTTP/1.1', 'Host: a\tb'])).toBe(
    'client request-malformed: Host "a\\tb" is not a host and port',
  );
});
