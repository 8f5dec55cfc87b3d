import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readTlsHello } from '../../../core/layer4/tls-hello.ts';
import { clientHello, inRecordsOf, withName } from '../../support/client-hello.ts';

const LIMIT = 16 * 1024;

test('the name, in lower case, and the protocols that are offered', async () => {
  const ALPNProtocols = ['h2', 'http/1.1'];
  const hello = await clientHello({ servername: 'Any.Test', ALPNProtocols });
  expect(readTlsHello(hello, LIMIT)).toEqual({ serverName: 'any.test', alpn: ALPNProtocols });
  const nameless = await clientHello({ servername: '', maxVersion: 'TLSv1.2' });
  expect(readTlsHello(nameless, LIMIT)).toEqual({ serverName: null, alpn: [] });
});

test.each(['one\r\nest', 'one\0test', '../etc/p', 'one test'])('%j is no server name', async (name) => {
  const hello = withName(await clientHello(), Buffer.from(name));
  expect(readTlsHello(hello, LIMIT)).toEqual({ serverName: null, alpn: [] });
});

test('wherever it is split, in one record or in several, it is waited for', async () => {
  for (const hello of [await clientHello(), inRecordsOf(200, await clientHello())]) {
    for (let bytes = 0; bytes < hello.length; bytes += 1) {
      const needed = readTlsHello(hello.subarray(0, bytes), LIMIT);
      if (typeof needed !== 'number') throw new Error(`after ${bytes} bytes: ${JSON.stringify(needed)}`);
      expect(needed).toBeGreaterThan(bytes);
      expect(needed).toBeLessThanOrEqual(hello.length);
    }
    expect(readTlsHello(hello, LIMIT)).toMatchObject({ serverName: 'one.test' });
    expect(readTlsHello(Buffer.concat([hello, randomBytes(50)]), LIMIT)).toMatchObject({
      serverName: 'one.test',
    });
  }
});

test.each([
  'SSH-2.0-x\r\n',
  'GET / HTTP/1.1\r\n',
  '\x15\x03\x01\0\x02\x02\x28',
  '\x03\0\0\x13\x0e\xe0',
  '\0',
])('%j is no TLS, which the first byte tells', (text) => {
  expect(readTlsHello(Buffer.from(text, 'latin1').subarray(0, 1), LIMIT)).toBeNull();
  expect(readTlsHello(Buffer.from(text, 'latin1'), LIMIT)).toBeNull();
});

test('one that is longer than the limit is not waited for, however it comes', async () => {
  const hello = await clientHello();
  for (let bytes = 5; bytes <= hello.length; bytes += 1) {
    expect(readTlsHello(hello.subarray(0, bytes), hello.length - 1)).toBeNull();
  }
  expect(readTlsHello(hello, hello.length)).toMatchObject({ serverName: 'one.test' });
});

test('a changed one asks for more within the limit, or ends', async () => {
  const hello = await clientHello({ ALPNProtocols: ['h2'] });
  const changes = fc.array(fc.tuple(fc.nat(hello.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(changes, fc.nat(hello.length), fc.nat(600), (changed, shown, limit) => {
      const copy = Buffer.from(hello);
      for (const [at, byte] of changed) copy[at] = byte;
      const read = readTlsHello(copy.subarray(0, shown), limit);
      if (typeof read === 'number') {
        expect(read).toBeGreaterThan(Math.min(shown, limit));
        expect(read).toBeLessThanOrEqual(limit);
      }
    }),
    { numRuns: 3000 },
  );
});
