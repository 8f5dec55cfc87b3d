import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ProxyHeaderError } from '../../../core/listeners/proxied-client.ts';
import { readProxyHeader } from '../../../core/listeners/proxy-header.ts';
import { proxyHeader } from '../../../core/forward/proxy-header.ts';

const address = fc.oneof(fc.ipV4(), fc.ipV6(), fc.constant('unknown'));
const port = fc.integer({ min: 0, max: 65_535 });
const peer = fc.record({
  address,
  port,
  localAddress: address,
  localPort: port,
  scheme: fc.constant('http' as const),
});
const version = fc.constantFrom('v1' as const, 'v2' as const);

test('what is written is read as the same, and not before all of it has come', () => {
  fc.assert(
    fc.property(version, peer, fc.uint8Array({ maxLength: 20 }), (which, from, rest) => {
      const header = Buffer.from(proxyHeader(which, from, from.address), 'latin1');
      for (let end = 0; end < header.length; end++)
        expect(readProxyHeader(header.subarray(0, end))).toBeNull();
      const read = readProxyHeader(Buffer.concat([header, rest]));
      expect(read?.bytes).toBe(header.length);
      const known = from.address !== 'unknown' && from.localAddress !== 'unknown';
      expect(read?.client?.port ?? null).toBe(known ? from.port : null);
      expect(read?.client?.local?.port ?? null).toBe(known ? from.localPort : null);
      if (read !== null && read.client !== null) {
        const again = proxyHeader(
          which,
          { ...from, address: read.client.address, localAddress: read.client.local?.address ?? '' },
          read.client.address,
        );
        expect(Buffer.from(again, 'latin1')).toEqual(header);
      }
    }),
  );
});

test('bytes of any kind are a header, are none, or are not whole', () => {
  const start = fc.constantFrom('', 'PROXY ', 'PROXY TCP4 ', '\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x10');
  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: 200 }), (text, rest) => {
      const bytes = Buffer.concat([Buffer.from(text, 'latin1'), rest]);
      try {
        const header = readProxyHeader(bytes);
        if (header !== null) expect(header.bytes).toBeLessThanOrEqual(bytes.length);
      } catch (error) {
        expect(error).toBeInstanceOf(ProxyHeaderError);
      }
    }),
    { numRuns: 2000 },
  );
});
