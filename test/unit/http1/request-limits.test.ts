import { describe, expect, test } from 'vitest';
import { LIMITS, parse, refusal } from './read-request.ts';

describe('limits of a request head', () => {
  test('a target of exactly the limit passes, one byte more does not', () => {
    const limits = { ...LIMITS, targetBytes: 10 };
    expect(parse([`GET /${'x'.repeat(9)} HTTP/1.1`, 'Host: a'], limits).head.target).toHaveLength(10);
    expect(refusal([`GET /${'x'.repeat(10)} HTTP/1.1`, 'Host: a'], limits)).toBe(
      'client request-target-too-long: the target has 11 bytes, more than 10',
    );
  });

  test('the limit is for the target as received, an absolute-form one with its host', () => {
    expect(refusal(['GET http://a/ HTTP/1.1', 'Host: a'], { ...LIMITS, targetBytes: 8 })).toBe(
      'client request-target-too-long: the target has 9 bytes, more than 8',
    );
  });

  test('as many fields as the limit pass, one more does not', () => {
    const limits = { ...LIMITS, headers: 3 };
    expect(parse(['GET / HTTP/1.1', 'Host: a', 'X: 1', 'X: 2'], limits).head.headers.length).toBe(3);
    expect(refusal(['GET / HTTP/1.1', 'Host: a', 'X: 1', 'X: 2', 'X: 3'], limits)).toBe(
      'client request-head-too-large: more than 3 header fields',
    );
  });

  test('a broken field behind the limit is not what is complained of', () => {
    expect(refusal(['GET / HTTP/1.1', 'Host: a', 'X: 1', 'broken'], { ...LIMITS, headers: 1 })).toBe(
      'client request-head-too-large: more than 1 header fields',
    );
  });
});
