import { once } from 'node:events';
import { connect as connectTls } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { authority, certificate } from '../../support/certificates.ts';
import { clientHello, inRecordsOf } from '../../support/client-hello.ts';
import { chainOf } from '../../support/plugin-chain.ts';
import { poll } from '../../support/poll.ts';
import { RawSocket } from '../../support/raw-socket.ts';
import { connectTcp, received, startNamed } from '../../support/tcp-peers.ts';
import { startTcp, type TcpPath, type TcpPathOptions } from '../../support/tcp-path.ts';

/** Routes by name and protocol to backends that send back what comes. */
async function startRouter(options: TcpPathOptions = {}): Promise<TcpPath> {
  const [one, h2, plain] = [await startNamed('one'), await startNamed('h2'), await startNamed('plain')];
  return startTcp({
    ...options,
    listener: {
      sni: true,
      routes: [
        { serverName: 'one.test', upstream: 'one' },
        { alpn: 'h2', upstream: 'h2' },
      ],
      upstream: 'plain',
      ...options.listener,
    },
    upstreams: {
      one: { backends: [{ address: one.address }] },
      h2: { backends: [{ address: h2.address }] },
      plain: { backends: [{ address: plain.address }] },
    },
  });
}

test('a TLS connection goes by its name to a backend that ends it itself', async () => {
  const secure = await startNamed('secure', certificate('one'));
  const proxy = await startTcp({
    listener: { sni: true, upstream: undefined, routes: [{ serverName: '*.test', upstream: 'site' }] },
    backendPort: secure.port,
  });
  const socket = connectTls({ port: proxy.port, host: '127.0.0.1', ca: authority, servername: 'one.test' });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'secureConnect');
  await received(new RawSocket(socket), 'secure\n');
  socket.end();
  const entry = await poll(() => proxy.entries[0]);
  expect(entry).toMatchObject({ protocol: 'tcp', serverName: 'one.test', upstream: 'site' });
});

test('a ClientHello in small pieces and records is read, and passes on untouched', async () => {
  const proxy = await startRouter();
  const hello = inRecordsOf(150, await clientHello());
  const client = await connectTcp(proxy.port);
  for (let at = 0; at < hello.length; at += 100) {
    client.send(hello.subarray(at, at + 100));
    await new Promise(setImmediate);
  }
  const text = await client.until(
    () => (client.bytesReceived === 'one\n'.length + hello.length ? client.buffered : null),
    'all',
  );
  expect(text).toBe(`one\n${hello.toString('latin1')}`);
});

test('a protocol of ALPN finds its route', async () => {
  const proxy = await startRouter();
  const client = await connectTcp(
    proxy.port,
    await clientHello({ servername: 'two.test', ALPNProtocols: ['h2', 'http/1.1'] }),
  );
  await client.until(() => (client.buffered.startsWith('h2\n') ? true : null), 'the name');
});

test('what is no TLS goes on without a name', async () => {
  const proxy = await startRouter();
  const client = await connectTcp(proxy.port, 'SSH-2.0-test\r\n');
  expect(await received(client, '\r\n')).toBe('plain\nSSH-2.0-test\r\n');
});

test('a client that waits for the backend to speak is let on after timeouts.inspect', async () => {
  const proxy = await startRouter({ listener: { timeouts: { inspect: '50ms' } } });
  const client = await connectTcp(proxy.port);
  await received(client, 'plain\n');
  client.send('then this');
  expect(await received(client, 'this')).toBe('plain\nthen this');
});

test('a client that ends before its ClientHello is whole is let on, too', async () => {
  const proxy = await startRouter();
  const client = await connectTcp(proxy.port);
  client.socket.end((await clientHello()).subarray(0, 50));
  expect(await client.end()).toBe('fin');
  expect(client.buffered.startsWith('plain\n')).toBe(true);
});

test('a ClientHello that is larger than limits.inspect is not waited for', async () => {
  const proxy = await startRouter({ listener: { limits: { inspect: '100B' } } });
  const client = await connectTcp(proxy.port, (await clientHello()).subarray(0, 100));
  await client.until(() => (client.buffered.startsWith('plain\n') ? true : null), 'the name');
});

test("a plugin's `tls` hook denies by the name, and what is no TLS", async () => {
  const names: (string | null)[] = [];
  const plugins = chainOf({
    tls({ serverName }) {
      names.push(serverName);
      return serverName === 'one.test' ? undefined : 'deny';
    },
  });
  const proxy = await startRouter({ plugins });
  for (const first of [await clientHello({ servername: 'two.test' }), 'no TLS']) {
    const client = await connectTcp(proxy.port, first);
    expect(await client.end()).toBe('reset');
  }
  expect(names).toEqual(['two.test', null]);
  expect(proxy.entries[0]).toMatchObject({ end: 'denied', attempts: 0, upstream: null, error: null });
  expect(proxy.service.counters.denied).toBe(2);
});
