import { once } from 'node:events';
import { connect as connectPlain } from 'node:net';
import { connect } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { authority } from '../../support/certificates.ts';
import { clientHello } from '../../support/client-hello.ts';
import { IPV4_BLOCK, proxyHeaderV2 } from '../../support/proxy-headers.ts';
import { connectRaw } from '../../support/raw-client.ts';
import { recordingLog } from '../../support/recording-log.ts';
import { TlsClient } from '../../support/tls-client.ts';
import { entry } from '../http1/setup.ts';
import { loadSandbox } from '../rules/load-sandbox.ts';
import { request, startHttps } from './setup.ts';

const V1 = Buffer.from('PROXY TCP4 192.0.2.7 198.51.100.1 4711 443\r\n');
const listener = { proxyProtocol: { trust: ['127.0.0.1'] } };

/** TLS behind a header, as a proxy in front passes it on. */
async function connectBehind(port: number, header: Buffer): Promise<TlsClient> {
  const carrier = connectPlain(port, '127.0.0.1');
  onTestFinished(() => void carrier.destroy());
  carrier.on('error', () => {});
  carrier.write(header);
  const socket = connect({ socket: carrier, ca: authority, servername: 'one.test' });
  await once(socket, 'secureConnect');
  return new TlsClient(socket);
}

test.each([
  ['v1', V1],
  ['v2', proxyHeaderV2({ block: IPV4_BLOCK })],
])('%s ahead of TLS: rules, backend and log know the client that it names', async (_, header) => {
  const { script } = await loadSandbox(
    `export default defineRules({ request(req) {
       req.headers.set('x-seen', [req.client.address, req.scheme, req.tls?.serverName].join(' '));
     } });`,
  );
  const { proxy, backend } = await startHttps({ listener, rules: script });
  const client = await connectBehind(proxy.port, header);
  client.send(request);
  expect((await client.answer()).status).toBe(200);
  const received = await backend.request(0);
  expect([
    received.header('x-seen'),
    received.header('x-forwarded-for'),
    received.header('x-forwarded-port'),
    received.header('x-forwarded-proto'),
  ]).toEqual(['192.0.2.7 https one.test', '192.0.2.7', '443', 'https']);
  expect((await entry(proxy)).client).toBe('192.0.2.7');
});

test('header and ClientHello in one piece, and byte by byte', async () => {
  const { proxy } = await startHttps({ listener });
  const hello = await clientHello();
  const whole = await connectRaw(proxy.port);
  whole.socket.write(Buffer.concat([V1, hello]));
  const slow = await connectRaw(proxy.port);
  for (const byte of Buffer.concat([V1, hello])) {
    slow.socket.write(Buffer.from([byte]));
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (const client of [whole, slow])
    // A ServerHello, in a handshake record.
    await client.until(() => (client.buffered.startsWith('\x16\x03\x03') ? true : null), 'an answer');
});

test.each([
  ['none', Buffer.alloc(0)],
  ['a malformed one', Buffer.from('PROXY TCP4 192.0.2.07 198.51.100.1 4711 443\r\n')],
])('a hello behind %s is closed without a handshake', async (_, header) => {
  const { log, lines } = recordingLog();
  const { proxy } = await startHttps({ listener, log });
  const client = await connectRaw(proxy.port);
  client.socket.write(Buffer.concat([header, await clientHello()]));
  await client.end();
  expect(client.buffered).toBe('');
  expect(proxy.service.counters).toMatchObject({ refused: 1, connections: 0 });
  expect(lines).toMatchObject([{ level: 'warn', fields: { peer: '127.0.0.1' } }]);
});
