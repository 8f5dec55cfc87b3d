import { expect, test } from 'vitest';
import { HpackDecoder } from '../../../core/http2/hpack-decoder.ts';

/** RFC 7541 appendix C: blocks of one connection, in their order, and the fields that each holds. */
const appendix: Record<string, readonly (readonly [hex: string, fields: readonly string[]])[]> = {
  'C.2.1 a literal with indexing': [
    ['400a637573746f6d2d6b65790d637573746f6d2d686561646572', ['custom-key: custom-header']],
  ],
  'C.2.2 a literal without indexing': [['040c2f73616d706c652f70617468', [':path: /sample/path']]],
  'C.2.3 a literal never indexed': [['100870617373776f726406736563726574', ['password: secret']]],
  'C.2.4 an indexed field': [['82', [':method: GET']]],
  'C.3 requests without Huffman': [
    [
      '828684410f7777772e6578616d706c652e636f6d',
      [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com'],
    ],
    [
      '828684be58086e6f2d6361636865',
      [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com', 'cache-control: no-cache'],
    ],
    [
      '828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565',
      [
        ':method: GET',
        ':scheme: https',
        ':path: /index.html',
        ':authority: www.example.com',
        'custom-key: custom-value',
      ],
    ],
  ],
  'C.4 requests with Huffman': [
    [
      '828684418cf1e3c2e5f23a6ba0ab90f4ff',
      [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com'],
    ],
    [
      '828684be5886a8eb10649cbf',
      [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com', 'cache-control: no-cache'],
    ],
    [
      '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf',
      [
        ':method: GET',
        ':scheme: https',
        ':path: /index.html',
        ':authority: www.example.com',
        'custom-key: custom-value',
      ],
    ],
  ],
  'C.6.1 an answer with Huffman': [
    [
      '488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3',
      [
        ':status: 302',
        'cache-control: private',
        'date: Mon, 21 Oct 2013 20:13:21 GMT',
        'location: https://www.example.com',
      ],
    ],
  ],
};

test.each(Object.entries(appendix))('%s', (_name, blocks) => {
  const decoder = new HpackDecoder(4096);
  for (const [hex, expected] of blocks) {
    const fields: string[] = [];
    decoder.decode(Buffer.from(hex, 'hex'), (name, value) => void fields.push(`${name}: ${value}`));
    expect(fields).toEqual(expected);
  }
});
