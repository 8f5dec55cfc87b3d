import { describe, expect, test } from 'vitest';
import { crc32c } from '../../../core/listeners/crc32c.ts';
import { readProxyHeader } from '../../../core/listeners/proxy-header.ts';
import { extension, IPV4_BLOCK, proxyHeaderV2 } from '../../support/proxy-headers.ts';

const IPV4_CLIENT = { address: '192.0.2.7', port: 4711, local: { address: '198.51.100.1', port: 443 } };
const IPV6_BLOCK = Buffer.from(`20010db8${'0'.repeat(22)}07${'0'.repeat(31)}1126701bb`, 'hex');
const UNIX_BLOCK = Buffer.alloc(216, '/run/client.sock\0');

/** A header with a checksum behind the addresses, which `change` may spoil. */
function withChecksum(change: (checksum: number) => number): Buffer {
  const parts = [IPV4_BLOCK, extension(0x04, Buffer.alloc(5)), extension(0x03, Buffer.alloc(4))];
  const header = proxyHeaderV2({ block: Buffer.concat(parts) });
  header.writeUInt32BE(change(crc32c(header)), header.length - 4);
  return header;
}

test('the checksum is CRC-32C', () => {
  // RFC 3720 B.4
  expect(crc32c(Buffer.alloc(32)).toString(16)).toBe('8a9136aa');
  expect(crc32c(Buffer.from('1234'), Buffer.from('56789')).toString(16)).toBe('e3069283');
});

describe('well-formed', () => {
  test.each([
    ['IPv4', proxyHeaderV2({ block: IPV4_BLOCK }), IPV4_CLIENT],
    [
      'IPv6',
      proxyHeaderV2({ family: 0x21, block: IPV6_BLOCK }),
      { address: '2001:db8::7', port: 4711, local: { address: '::1', port: 443 } },
    ],
    [
      'an IPv4 address in IPv6',
      proxyHeaderV2({
        family: 0x21,
        block: Buffer.from(`${'0'.repeat(20)}ffffc0000207${'0'.repeat(31)}1126701bb`, 'hex'),
      }),
      { address: '192.0.2.7', port: 4711, local: { address: '::1', port: 443 } },
    ],
    [
      'Unix',
      proxyHeaderV2({ family: 0x31, block: UNIX_BLOCK }),
      { address: 'unknown', port: 0, local: null },
    ],
    ['unspecified', proxyHeaderV2({ family: 0x00, block: Buffer.from('anything') }), null],
    ['LOCAL', proxyHeaderV2({ command: 0x20, family: 0x00, block: Buffer.alloc(0) }), null],
    [
      'LOCAL with a block to discard',
      proxyHeaderV2({ command: 0x20, family: 0x99, block: IPV4_BLOCK }),
      null,
    ],
    [
      'extensions',
      proxyHeaderV2({
        block: Buffer.concat([
          IPV4_BLOCK,
          extension(0x01, Buffer.from('h2')),
          extension(0x05, Buffer.alloc(0)),
        ]),
      }),
      IPV4_CLIENT,
    ],
    ['a checksum', withChecksum((checksum) => checksum), IPV4_CLIENT],
    [
      'the longest',
      proxyHeaderV2({ block: Buffer.concat([IPV4_BLOCK, extension(0x04, Buffer.alloc(16_384 - 15))]) }),
      IPV4_CLIENT,
    ],
  ])('%s', (_, header, client) => {
    const received = Buffer.concat([header, Buffer.from('GET /')]);
    expect(readProxyHeader(received)).toEqual({ bytes: header.length, client });
  });
});

describe('malformed', () => {
  test.each([
    ['version 1 in binary', proxyHeaderV2({ command: 0x11, block: IPV4_BLOCK })],
    ['version 3', proxyHeaderV2({ command: 0x31, block: IPV4_BLOCK })],
    ['an unknown command', proxyHeaderV2({ command: 0x22, block: IPV4_BLOCK })],
    ['datagrams', proxyHeaderV2({ family: 0x12, block: IPV4_BLOCK })],
    ['an unknown family', proxyHeaderV2({ family: 0x41, block: IPV4_BLOCK })],
    ['a family without transport', proxyHeaderV2({ family: 0x10, block: IPV4_BLOCK })],
    ['too short for IPv4', proxyHeaderV2({ block: IPV4_BLOCK.subarray(1) })],
    ['too short for IPv6', proxyHeaderV2({ family: 0x21, block: IPV6_BLOCK.subarray(1) })],
    ['too short for Unix', proxyHeaderV2({ family: 0x31, block: UNIX_BLOCK.subarray(1) })],
    ['too long, before all of it has come', proxyHeaderV2({ block: IPV4_BLOCK, length: 16_385 })],
    ['half an extension head', proxyHeaderV2({ block: Buffer.concat([IPV4_BLOCK, Buffer.from([4, 0])]) })],
    [
      'an extension beyond the end',
      proxyHeaderV2({ block: Buffer.concat([IPV4_BLOCK, Buffer.from([4, 0, 2, 0])]) }),
    ],
    ['a wrong checksum', withChecksum((checksum) => (checksum ^ 1) >>> 0)],
    [
      'a checksum of the wrong size',
      proxyHeaderV2({ block: Buffer.concat([IPV4_BLOCK, extension(3, Buffer.alloc(3))]) }),
    ],
    [
      'two checksums',
      proxyHeaderV2({
        block: Buffer.concat([IPV4_BLOCK, extension(3, Buffer.alloc(4)), extension(3, Buffer.alloc(4))]),
      }),
    ],
    ['another signature', Buffer.from('\r\n\r\n\0\r\nQUIX\n')],
    ['an empty line', Buffer.from('\r\nG')],
  ])('%s', (_, header) => {
    expect(() => readProxyHeader(header)).toThrow(expect.objectContaining({ name: 'ProxyHeaderError' }));
  });
});
