import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readRdpCookie } from '../../../core/layer4/rdp-cookie.ts';

const LIMIT = 16 * 1024;
/** What a client asks for behind the cookie: TLS, CredSSP ([MS-RDPBCGR] 2.2.1.1.1). */
const NEGOTIATION = '\x01\x00\x08\x00\x03\x00\x00\x00';

/** A Connection Request with this between headers and end. */
function requestOf(variable: string): Buffer {
  const length = 11 + variable.length;
  const headers = [3, 0, length >> 8, length & 0xff, Math.min(length - 5, 254), 0xe0, 0, 0, 0, 0, 0];
  return Buffer.concat([Buffer.from(headers), Buffer.from(variable, 'latin1')]);
}

test.each([
  [`Cookie: mstshash=alice\r\n${NEGOTIATION}`, 'alice'],
  ['Cookie: mstshash=alice\r\n', 'alice'],
  ['COOKIE: MSTSHASH=EXAMPLE\\al\r\n', 'EXAMPLE\\al'],
  ['Cookie: mstshash=\xe4\xf6\r\n', 'äö'],
  [`Cookie: mstshash=${'x'.repeat(1000)}\r\n${NEGOTIATION}`, 'x'.repeat(1000)],
  ['Cookie: msts=3640205228.15629.0000\r\n', null],
  ['Cookie: mstshash=\r\n', null],
  ['Cookie: mstshash=al\0ice\r\n', null],
  ['Cookie: mstshash=al\nice\r\n', null],
  ['Cookie: mstshash=alice', null],
  ['Cookie: mstshash', null],
  ['Cookie:mstshash=alice\r\n', null],
  [`${NEGOTIATION}Cookie: mstshash=alice\r\n`, null],
  [NEGOTIATION, null],
  ['', null],
])('%j has the cookie %j', (variable, cookie) => {
  expect(readRdpCookie(requestOf(variable), 'mstshash', LIMIT)).toBe(cookie);
  // What comes behind the packet is not looked at.
  const followed = Buffer.concat([requestOf(variable), Buffer.from('x\r\nCookie: mstshash=eve\r\n')]);
  expect(readRdpCookie(followed, 'mstshash', LIMIT)).toBe(cookie);
});

test('the routing token of a broker is a cookie of another name', () => {
  const token = requestOf('Cookie: msts=3640205228.15629.0000\r\n');
  expect(readRdpCookie(token, 'msts', LIMIT)).toBe('3640205228.15629.0000');
  expect(readRdpCookie(token, 'mst', LIMIT)).toBeNull();
});

test('wherever it is split, it is waited for, and for no more than is needed', () => {
  for (const variable of [`Cookie: mstshash=alice\r\n${NEGOTIATION}`, NEGOTIATION]) {
    const request = requestOf(variable);
    const whole = readRdpCookie(request, 'mstshash', LIMIT);
    let bytes = 0;
    for (;;) {
      const read = readRdpCookie(request.subarray(0, bytes), 'mstshash', LIMIT);
      if (typeof read !== 'number') {
        expect(read).toBe(whole);
        break;
      }
      expect(read).toBeGreaterThan(bytes);
      expect(read).toBeLessThanOrEqual(request.length);
      bytes += 1;
    }
    expect(bytes).toBeLessThanOrEqual(11 + 'Cookie: mstshash=alice\r\n'.length);
  }
});

test.each([
  ['SSH-2.0-OpenSSH_9.2\r\n'],
  ['GET / HTTP/1.1\r\n\r\n'],
  ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  // Another TPDU, and a TPKT that is shorter than its own header.
  ['\x03\x00\x00\x13\x0e\xd0\x00\x00\x00\x00\x00Cookie: mstshash=a\r\n'],
  ['\x03\x00\x00\x02\x06\xe0\x00\x00\x00\x00\x00Cookie: mstshash=a\r\n'],
])('%j is no request with a cookie', (text) => {
  expect(readRdpCookie(Buffer.from(text, 'latin1'), 'mstshash', LIMIT)).toBeNull();
});

test('no more is held than the limit says', () => {
  const long = requestOf(`Cookie: mstshash=${'x'.repeat(60_000)}\r\n`);
  expect(readRdpCookie(long.subarray(0, 100), 'mstshash', 100)).toBeNull();
  expect(readRdpCookie(long, 'mstshash', 100)).toBeNull();
  expect(readRdpCookie(long.subarray(0, 99), 'mstshash', 100)).toBe(100);
  expect(readRdpCookie(Buffer.alloc(0), 'mstshash', 5)).toBeNull();
});

test('whatever comes, it asks for more within the limit, or ends', () => {
  const near = fc
    .tuple(
      fc.constantFrom(requestOf('Cookie: mstshash=alice\r\n'), requestOf(NEGOTIATION)),
      fc.nat(60),
      fc.nat(255),
    )
    .map(([request, at, byte]) => {
      const changed = Buffer.from(request);
      if (at < changed.length) changed[at] = byte;
      return changed;
    });
  const bytes = fc.oneof(
    near,
    fc.uint8Array({ maxLength: 64 }).map((random) => Buffer.from(random)),
  );
  fc.assert(
    fc.property(bytes, fc.nat(64), fc.nat(80), (given, shown, limit) => {
      const read = readRdpCookie(given.subarray(0, shown), 'mstshash', limit);
      if (typeof read === 'number') {
        expect(read).toBeGreaterThan(Math.min(shown, given.length));
        expect(read).toBeLessThanOrEqual(limit);
      }
    }),
    { numRuns: 3000 },
  );
});
