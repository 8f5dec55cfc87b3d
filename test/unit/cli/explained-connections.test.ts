import { InvalidArgumentError } from 'commander';
import { expect, test } from 'vitest';
import { parseBytes, parseClient } from '../../../core/cli/explain/options.ts';
import { readConnectionUrl } from '../../../core/cli/explain/read-connection-url.ts';
import { writeClientHello } from '../../../core/cli/explain/write-client-hello.ts';
import { askAboutConnection } from '../../../core/cli/sandbox/ask-connection.ts';
import { readTlsHello } from '../../../core/layer4/tls-hello.ts';
import type { ConnectDecision, RuleConnection } from '../../../core/shared/rule-script.ts';

test.each([
  ['tcp://db.example.com:5432', { scheme: 'tcp', hostname: 'db.example.com', port: 5432 }],
  ['TCP://DB:1/', { scheme: 'tcp', hostname: 'db', port: 1 }],
  ['udp://[::1]:53', { scheme: 'udp', hostname: '::1', port: 53 }],
  ['tcp://db', null],
  ['tcp://db:65536', null],
  ['tcp://:5432', null],
  ['tcp://db:1/path', null],
  ['tls://db:1', null],
  ['http://db:1', null],
])('%s is read as %j', (text, url) => {
  expect(readConnectionUrl(text)).toEqual(url);
});

test.each([
  ['192.0.2.7', { address: '192.0.2.7', port: null }],
  ['192.0.2.7:5000', { address: '192.0.2.7', port: 5000 }],
  ['2001:db8::1', { address: '2001:db8::1', port: null }],
  ['[2001:db8::1]:5000', { address: '2001:db8::1', port: 5000 }],
])('%s is a client', (text, client) => {
  expect(parseClient(text)).toEqual(client);
});

test.each(['somebody', 'db:80', '192.0.2.7:', '192.0.2.7:70000', '[192.0.2.7]:80', ':80'])(
  '%s is no client',
  (text) => {
    expect(() => parseClient(text)).toThrow(InvalidArgumentError);
  },
);

test.each([
  ['SSH-2.0-€', Buffer.from('SSH-2.0-€')],
  ['', Buffer.alloc(0)],
  ['hex:16 03 0A', Buffer.of(22, 3, 10)],
  ['hex:', Buffer.alloc(0)],
  ['base64:FgMK', Buffer.of(22, 3, 10)],
  ['base64:FgM=', Buffer.of(22, 3)],
  ['hexa:16', Buffer.from('hexa:16')],
])('%s is what a client sends', (text, bytes) => {
  expect(parseBytes(text)).toEqual(bytes);
});

test.each(['hex:1', 'hex:0g', 'base64:a*b'])('%s is nothing that could be sent', (text) => {
  expect(() => parseBytes(text)).toThrow(InvalidArgumentError);
});

test.each([
  ['a.test', ['h2', 'http/1.1']],
  ['a.test', []],
  [null, ['h2']],
  [null, []],
] as const)('a ClientHello is read as it is written: %s, %j', (serverName, alpn) => {
  expect(readTlsHello(writeClientHello(serverName, alpn), 16_384)).toEqual({ serverName, alpn });
});

const connection: RuleConnection = {
  listener: 'l',
  protocol: 'tcp',
  clientAddress: '::1',
  clientPort: 1,
  localAddress: '::1',
  localPort: 2,
  tls: '',
  bytes: null,
};

test.each<[string, string, (bytes: string | null) => ConnectDecision, (readonly [string, number | null])[]]>([
  ['one that decides at once', 'abc', () => ({ kind: 'next' }), [['next', null]]],
  [
    'one that wants bytes, which come',
    'abc',
    (bytes) => (bytes === null ? inspect(2) : { kind: 'deny' }),
    [
      ['inspect', null],
      ['deny', 3],
    ],
  ],
  [
    'one that wants more each time',
    'abc',
    (bytes) => inspect((bytes?.length ?? 0) + 1),
    [
      ['inspect', null],
      // The client may send more, and is waited for.
      ['inspect', 3],
      ['fault', 3],
    ],
  ],
  [
    'one that wants more than comes',
    'abc',
    () => inspect(5),
    [
      ['inspect', null],
      ['fault', 3],
    ],
  ],
  ['one that wants more than the limit', 'abcdefghijk', () => inspect(11), [['fault', null]]],
  [
    'one that is shown no more than the limit',
    'abcdefghijk',
    (bytes) => (bytes === null ? inspect(1) : inspect(bytes.length + 1)),
    [
      ['inspect', null],
      ['fault', 10],
    ],
  ],
])('%s', (_what, sent, connect, answers) => {
  const script = {
    connect: ({ bytes }: RuleConnection) => connect(bytes),
    lastPosition: () => null,
  };
  const asked = askAboutConnection(script, { connection, sent, maxBytes: 10 });
  expect(asked.map(({ decision, seen }) => [decision.kind, seen])).toEqual(answers);
});

function inspect(bytes: number): ConnectDecision {
  return { kind: 'inspect', bytes, timeoutMs: null };
}
