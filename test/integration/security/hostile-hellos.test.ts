import { randomBytes } from 'node:crypto';
import { expect, test, vi } from 'vitest';
import { clientHello, inRecordsOf, withName } from '../../support/client-hello.ts';
import { poll } from '../../support/poll.ts';
import { connectRaw, type RawClient } from '../../support/raw-client.ts';
import { recordingLog } from '../../support/recording-log.ts';
import { connectTls } from '../../support/tls-client.ts';
import { request, startHttps } from '../tls/setup.ts';

const FATAL_ALERT = '\x15\x03\x03\x00\x02\x02';
const SERVER_HELLO = '\x16\x03\x03';

/** Sends it, and waits for an answer or the end. */
async function say(port: number, bytes: Buffer): Promise<RawClient> {
  const client = await connectRaw(port);
  client.socket.write(bytes);
  return client;
}

async function isAnswered(client: RawClient): Promise<void> {
  await client.until(() => (client.buffered.startsWith(SERVER_HELLO) ? true : null), 'a ServerHello');
}

test('names that no host has get the default certificate or an alert, and hurt nobody', async () => {
  const { proxy } = await startHttps({ certificates: ['one', 'two'], tls: { default: 'two.test' } });
  const hello = await clientHello({ maxVersion: 'TLSv1.2' });
  const certificateFor = async (name: Buffer): Promise<string> => {
    const client = await say(proxy.port, withName(hello, name));
    // With TLS 1.2 the certificate is in the clear.
    const found = await client.until(
      () =>
        /one\.test|two\.test/.exec(client.buffered)?.[0] ??
        (client.buffered.startsWith('\x15') ? 'alert' : null),
      'a certificate or an alert',
    );
    client.socket.destroy();
    return found;
  };
  expect(await certificateFor(Buffer.from('one.test'))).toBe('one.test');
  expect(await certificateFor(Buffer.from('OnE.tEsT'))).toBe('one.test');
  expect(await certificateFor(Buffer.from('one\0test'))).toBe('alert');
  for (const odd of [
    'one.tes.',
    '1.2.3.44',
    '[::1:23]',
    '........',
    '*.e.test',
    '\xff\xfe\xfd\xfc\x80\x81\x82\x83',
    '\r\n\r\n\r\n\r\n',
    'one.tes/',
  ])
    expect(await certificateFor(Buffer.from(odd, 'latin1'))).toBe('two.test');
  await poll(() => proxy.service.counters.connections === 0);
});

test.each([1, 7, 100])('a hello in TCP segments of %i bytes is understood', async (bytes) => {
  const { proxy } = await startHttps();
  const hello = await clientHello();
  const client = await connectRaw(proxy.port);
  for (let at = 0; at < hello.length; at += bytes) {
    client.socket.write(hello.subarray(at, at + bytes));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await isAnswered(client);
});

test.each([10, 300])('a hello in TLS records of %i bytes is understood', async (bytes) => {
  const { proxy } = await startHttps();
  await isAnswered(await say(proxy.port, inRecordsOf(bytes, await clientHello())));
});

test.each([
  ['a record that is no handshake', Buffer.from([23, 3, 3, 0, 1, 0])],
  ['a handshake that begins with something else', Buffer.from([22, 3, 1, 0, 4, 2, 0, 0, 0])],
  ['an empty record', Buffer.concat([Buffer.from([22, 3, 1, 0, 0]), Buffer.alloc(100)])],
  [
    'a hello of 16 MiB',
    Buffer.concat([
      Buffer.from([22, 3, 1, 0x40, 0, 1, 0xff, 0xff, 0xff]),
      randomBytes(16_380),
      Buffer.from([22, 3, 1, 0x40, 0]),
      randomBytes(16_384),
      Buffer.from([22, 3, 1, 0x40, 0]),
      randomBytes(16_384),
    ]),
  ],
  ['SSL 2', Buffer.from([0x80, 0x2e, 1, 0, 2, 0, 21, 0, 0, 0, 16, ...randomBytes(37)])],
  ['HTTP', Buffer.from(request)],
  ['noise', Buffer.concat([Buffer.from([22]), randomBytes(500)])],
])('%s ends the connection', async (_, bytes) => {
  const { proxy } = await startHttps({ tls: { handshakeTimeout: '500ms' } });
  const client = await say(proxy.port, bytes);
  await client.end();
  expect(client.buffered === '' || client.buffered.startsWith('\x15')).toBe(true);
  expect(proxy.service.counters).toMatchObject({ refused: 1, connections: 0 });
});

test('a client that leaves at any moment of its handshake leaves nothing behind', async () => {
  const { proxy } = await startHttps();
  const hello = await clientHello();
  const lengths = [0, 1, 5, 9, 100, hello.length - 1, hello.length];
  for (const length of lengths) {
    for (const leave of ['end', 'resetAndDestroy', 'destroy'] as const) {
      const client = await say(proxy.port, hello.subarray(0, length));
      if (length > 0) await poll(() => proxy.service.counters.connections > 0);
      client.socket[leave]();
    }
  }
  await poll(() => proxy.service.counters.connections === 0);
  expect(proxy.service.counters.refused).toBe(3 * lengths.length);
  const next = await connectTls(proxy.port);
  next.send(request);
  expect((await next.answer()).status).toBe(200);
});

test('a client that leaves while its certificate is looked up is no error of ours', async () => {
  const { log, lines } = recordingLog();
  const { proxy } = await startHttps({ log });
  const source = proxy.certificates;
  if (source === null) throw new Error('no source');
  let answer = (): void => {};
  const lookup = vi
    .spyOn(source, 'find')
    .mockImplementation(
      (_, name) => new Promise((resolve) => (answer = () => resolve(source.answerFor('', name, false)))),
    );
  const client = await say(proxy.port, await clientHello());
  await poll(() => lookup.mock.calls.length === 1);
  client.socket.resetAndDestroy();
  await poll(() => proxy.service.counters.refused === 1);
  answer();
  lookup.mockRestore();
  const next = await connectTls(proxy.port);
  next.send(request);
  expect((await next.answer()).status).toBe(200);
  expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
});

test('changed bytes anywhere in a hello end in an answer or an alert', async () => {
  const { proxy } = await startHttps({ tls: { handshakeTimeout: '300ms', maxHandshakes: 1000 } });
  const hello = await clientHello();
  const outcomes = await Promise.all(
    Array.from({ length: 300 }, async (_, index) => {
      const changed = Buffer.from(hello);
      const at = (index * 7) % hello.length;
      changed[at] = (changed[at] ?? 0) ^ (1 << (index % 8));
      const client = await say(proxy.port, changed);
      return client.until(() => {
        if (client.buffered.startsWith(SERVER_HELLO)) return 'answer';
        return client.buffered.startsWith(FATAL_ALERT.slice(0, 2)) || client.ended ? 'end' : null;
      }, 'an end');
    }),
  );
  expect(outcomes).toContain('answer');
  const next = await connectTls(proxy.port);
  next.send(request);
  expect((await next.answer()).status).toBe(200);
});
