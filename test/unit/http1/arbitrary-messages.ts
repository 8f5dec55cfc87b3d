import fc from 'fast-check';

/** Generators of messages (latin-1 text) and of what splits and breaks them. */

const TCHAR = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const VCHAR = Array.from({ length: 256 }, (_, code) => code).filter((code) => code > 0x20 && code !== 0x7f);

function text(alphabet: readonly string[], minLength: number, maxLength: number): fc.Arbitrary<string> {
  return fc.string({ unit: fc.constantFrom(...alphabet), minLength, maxLength });
}

const token = text([...TCHAR], 1, 12);
const visible = VCHAR.map((code) => String.fromCharCode(code));
const pathText = text([...'abcXYZ019-._~!$&\'()*+,;=:@/%?|{}"<>\\^`'], 0, 20);

/** Without white space at its ends. */
const fieldValue = fc
  .tuple(text(visible, 0, 10), fc.constantFrom('', ' ', '\t', ' \t '), text(visible, 1, 10))
  .map(([head, space, tail]) => (head === '' ? tail : `${head}${space}${tail}`));

/** A field that means nothing to a proxy. */
const plainField = fc
  .tuple(token, fc.oneof(fieldValue, fc.constant('')))
  .map(([name, value]): [string, string] => [`X-${name}`, value]);

const host = fc.constantFrom('a', 'a.example', 'A.Example:8080', '127.0.0.1', '[::1]:443', 'a_b-c');

const knownField = fc.constantFrom<[string, string]>(
  ['Connection', 'close'],
  ['Connection', 'keep-alive'],
  ['connection', 'X-Hop, te'],
  ['X-Hop', 'hop'],
  ['Keep-Alive', 'timeout=5'],
  ['TE', 'trailers'],
  ['Upgrade', 'h2c'],
  ['Expect', '100-continue'],
  ['X-Forwarded-For', '192.0.2.1'],
  ['Via', '1.1 other'],
  ['Cookie', 'a=b; c=d'],
  ['Accept', '*/*'],
  ['Date', 'Tue, 15 Nov 1994 08:12:31 GMT'],
);

export interface ArbitraryBody {
  /** As on the wire. */
  readonly encoded: string;
  readonly data: string;
  readonly field: [string, string] | null;
  readonly trailers: readonly (readonly [string, string])[];
}

const data = text(visible.concat('\0', '\r', '\n', '\r\n', '0\r\n\r\n', ' '), 0, 40);

const chunkExtension = fc.constantFrom('', '', '', ';a', ';a=b', ';a="b;c"', '; a=\u00e9\t;;');

export const chunkedBody: fc.Arbitrary<ArbitraryBody> = fc
  .record({
    chunks: fc.array(
      fc.record({
        data: data.filter((piece) => piece !== ''),
        extension: chunkExtension,
        zeros: fc.nat({ max: 3 }),
        upper: fc.boolean(),
      }),
      {
        maxLength: 5,
      },
    ),
    lastExtension: chunkExtension,
    trailers: fc.array(plainField, { maxLength: 3 }),
  })
  .map(({ chunks, lastExtension, trailers }) => ({
    encoded:
      chunks.map((chunk) => `${size(chunk)}${chunk.extension}\r\n${chunk.data}\r\n`).join('') +
      `0${lastExtension}\r\n${trailers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
    data: chunks.map((chunk) => chunk.data).join(''),
    field: ['Transfer-Encoding', 'chunked'],
    trailers,
  }));

function size(chunk: { data: string; zeros: number; upper: boolean }): string {
  const digits = '0'.repeat(chunk.zeros) + chunk.data.length.toString(16);
  return chunk.upper ? digits.toUpperCase() : digits;
}

const lengthBody = data.map((content): ArbitraryBody => ({
  encoded: content,
  data: content,
  field: ['Content-Length', String(content.length)],
  trailers: [],
}));
const noBody: ArbitraryBody = { encoded: '', data: '', field: null, trailers: [] };

const body = fc.oneof(fc.constant(noBody), lengthBody, chunkedBody);

export interface ArbitraryRequest {
  readonly wire: string;
  readonly method: string;
  readonly body: ArbitraryBody;
}

/** Valid requests. `methods`: all tokens unless they are limited to what another parser knows. */
export function validRequest(
  methods: fc.Arbitrary<string> = fc.oneof(fc.constantFrom('GET', 'POST', 'OPTIONS'), token),
): fc.Arbitrary<ArbitraryRequest> {
  return fc
    .record({
      method: methods.filter((method) => method !== 'CONNECT'),
      path: pathText,
      host,
      fields: fc.array(fc.oneof(plainField, knownField), { maxLength: 6 }),
      body,
      space: fc.constantFrom('', ' ', '\t'),
      at: fc.nat({ max: 6 }),
    })
    .map(({ method, path, host: hostValue, fields, body: content, space, at }) => {
      const all: [string, string][] = [...fields];
      all.splice(at, 0, ['Host', hostValue]);
      if (content.field !== null) all.splice(at, 0, content.field);
      const lines = all.map(([name, value]) => `${name}:${space}${value}${space}\r\n`).join('');
      return { wire: `${method} /${path} HTTP/1.1\r\n${lines}\r\n${content.encoded}`, method, body: content };
    });
}

/** A place in a message, as a fraction of its length. (fc.double prefers numbers next to zero.) */
const place = fc.integer({ min: 0, max: 10_000 }).map((n) => n / 10_000);

/** Where to cut a message. */
export const cuts = fc.array(place, { maxLength: 8 });

export function cutUp(whole: string, at: readonly number[]): string[] {
  const offsets = at.map((fraction) => Math.round(fraction * whole.length)).sort((a, b) => a - b);
  return [0, ...offsets]
    .map((start, i) => whole.slice(start, offsets[i] ?? whole.length))
    .filter((piece) => piece !== '');
}

const NASTY = [
  '\r',
  '\n',
  '\r\n',
  '\r\n\r\n',
  '\0',
  '\t',
  ' ',
  '  ',
  ':',
  ',',
  ';',
  '\x7f',
  '\u0080',
  '\u00a0',
  '\u00ff',
  '0',
  '1',
  '+',
  '-',
  '#',
  '*',
  '//',
  '\\',
  '%',
  '@',
  '"',
  'HTTP/1.0',
  'HTTP/2.0',
  'HTTP/1.2',
  '\r\n ',
  '\r\n\t',
  ' :',
  '\r\nHost: b',
  '\r\nContent-Length: 3',
  '\r\nContent-Length: 0',
  '\r\nTransfer-Encoding: chunked',
  '\r\nTransfer-Encoding: identity',
  '\r\nTransfer-Encoding: gzip, chunked',
  '\r\nConnection: close',
  '\r\nConnection: upgrade',
  '\r\nUpgrade: websocket',
  '\r\nExpect: x',
  'chunked',
  'CHUNKED',
  'http://a',
  'http://b/',
];

/** One change: the piece of `NASTY` at a place, in place of `removed` characters. */
const mutation = fc.record({
  at: place,
  insert: fc.constantFrom(...NASTY, ''),
  removed: fc.nat({ max: 3 }),
});
export const mutations = fc.array(mutation, { minLength: 1, maxLength: 3 });

export function mutate(
  whole: string,
  changes: readonly { at: number; insert: string; removed: number }[],
): string {
  let changed = whole;
  for (const { at, insert, removed } of changes) {
    const offset = Math.round(at * changed.length);
    changed = changed.slice(0, offset) + insert + changed.slice(offset + removed);
  }
  return changed;
}
