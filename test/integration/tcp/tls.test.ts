import { once } from 'node:events';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { authority, authorityFile, certificate, certificateFiles } from '../../support/certificates.ts';
import { chainOf } from '../../support/plugin-chain.ts';
import { poll } from '../../support/poll.ts';
import { RawSocket } from '../../support/raw-socket.ts';
import { ruleScript } from '../../support/rule-script.ts';
import { received, startNamed, type TcpBackend } from '../../support/tcp-peers.ts';
import { startTcp, type TcpPath, type TcpPathOptions } from '../../support/tcp-path.ts';

async function startTls(
  options: TcpPathOptions & { readonly tls?: object } = {},
): Promise<{ readonly proxy: TcpPath; readonly backend: TcpBackend }> {
  const backend = await startNamed('site');
  const proxy = await startTcp({
    backendPort: backend.port,
    ...options,
    listener: {
      protocol: 'tls',
      tls: { certificates: [certificateFiles('one'), certificateFiles('two')], ...options.tls },
      ...options.listener,
    },
  });
  return { proxy, backend };
}

function secureTo(port: number, options: ConnectionOptions = {}): TLSSocket {
  const socket = connectTls({ port, host: '127.0.0.1', ca: authority, servername: 'one.test', ...options });
  onTestFinished(() => void socket.destroy());
  return socket;
}

test.each(['one', 'two'])('TLS is ended with the certificate of the name (%s)', async (name) => {
  const { proxy } = await startTls();
  const socket = secureTo(proxy.port, { servername: `${name}.test` });
  await once(socket, 'secureConnect');
  expect(socket.getPeerCertificate().subject.CN).toBe(`${name}.test`);
  socket.write('hello');
  expect(await received(new RawSocket(socket), 'hello')).toBe('site\nhello');
  socket.end();
  const entry = await poll(() => proxy.entries[0]);
  expect(entry).toMatchObject({ protocol: 'tls', serverName: `${name}.test`, bytesFromClient: 5 });
});

test('nothing is offered by ALPN unless `alpn` says so, and clients that offer something come in', async () => {
  const { proxy } = await startTls();
  const socket = secureTo(proxy.port, { ALPNProtocols: ['postgresql', 'h2'] });
  await once(socket, 'secureConnect');
  expect(socket.alpnProtocol).toBe(false);
  await received(new RawSocket(socket), 'site\n');
});

test('the first of `alpn` that a client offers is taken, and found by routes', async () => {
  const mqtt = await startNamed('mqtt');
  const { proxy } = await startTls({
    listener: { alpn: ['mqtt', 'h2'], routes: [{ alpn: 'mqtt', upstream: 'mqtt' }], upstream: undefined },
    upstreams: { mqtt: { backends: [{ address: mqtt.address }] } },
  });
  const socket = secureTo(proxy.port, { ALPNProtocols: ['h2', 'mqtt'] });
  await once(socket, 'secureConnect');
  expect(socket.alpnProtocol).toBe('mqtt');
  await received(new RawSocket(socket), 'mqtt\n');
});

test('a rule sees the name, what was offered and the certificate of the client', async () => {
  const seen: unknown[] = [];
  const { proxy } = await startTls({
    tls: { clientCertificates: { mode: 'require', ca: authorityFile } },
    rules: ruleScript({
      connect({ tls, protocol }) {
        seen.push(protocol, JSON.parse(tls));
        return { kind: 'next' };
      },
    }),
  });
  const socket = secureTo(proxy.port, { ALPNProtocols: ['x'], ...certificate('client') });
  await once(socket, 'secureConnect');
  await received(new RawSocket(socket), 'site\n');
  expect(seen).toMatchObject([
    'tls',
    { serverName: 'one.test', alpn: ['x'], client: { subject: expect.stringContaining('CN=client') } },
  ]);
});

test('a client without the certificate that is required does not get to a backend', async () => {
  const { proxy, backend } = await startTls({
    tls: { clientCertificates: { mode: 'require', ca: authorityFile } },
  });
  const socket = secureTo(proxy.port);
  const [error]: { code?: string }[] = await once(socket, 'error');
  expect(error?.code).toBe('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED');
  await poll(() => proxy.service.counters.refused === 1);
  expect(proxy.service.counters.accepted).toBe(0);
  expect(backend.connections.length).toBe(0);
});

test("a plugin's hooks are called with the address, then with the name", async () => {
  const calls: string[] = [];
  const { proxy } = await startTls({
    plugins: chainOf({
      connect: ({ address }) => void calls.push(address),
      tls: ({ serverName }) => {
        calls.push(serverName ?? 'none');
        return serverName === 'two.test' ? 'deny' : undefined;
      },
    }),
  });
  const socket = secureTo(proxy.port);
  await received(new RawSocket(socket), 'site\n');
  const denied = secureTo(proxy.port, { servername: 'two.test' });
  await once(denied, 'error');
  expect(calls).toEqual(['127.0.0.1', 'one.test', '127.0.0.1', 'two.test']);
});

test('what is no TLS gets no answer', async () => {
  const { proxy } = await startTls({ tls: { handshakeTimeout: '100ms' } });
  const socket = secureTo(proxy.port, {
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.2',
    ciphers: 'AES128-SHA',
  });
  await once(socket, 'error');
  await poll(() => proxy.service.counters.refused === 1);
  expect(proxy.entries).toEqual([]);
});
