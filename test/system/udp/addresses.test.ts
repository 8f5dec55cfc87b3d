import { networkInterfaces } from 'node:os';
import { expect, test } from 'vitest';
import { runTidegate } from '../../support/tidegate-process.ts';
import { echoBackend, UdpPeer } from '../../support/udp-peers.ts';

function config(
  listener: Record<string, unknown>,
  backendPort: number,
  more: Record<string, unknown> = {},
): string {
  return JSON.stringify({
    listeners: [{ name: 'echo', protocol: 'udp', upstream: 'echo', ...listener }],
    upstreams: { echo: { backends: [{ address: `127.0.0.1:${backendPort}` }], healthCheck: false } },
    workers: 2,
    ...more,
  });
}

async function start(text: string) {
  const tidegate = await runTidegate({
    files: { 'tidegate.config.json': text },
    config: 'tidegate.config.json',
    workers: 'real',
  });
  return { tidegate, port: Number(new URL(await tidegate.url('echo')).port) };
}

/** This machine's addresses, without those that need the name of their link. */
function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((infos = []) => infos.map(({ address }) => address))
    .filter((address) => !address.startsWith('fe80:'));
}

test('a listener at [::] answers from the address that it was asked at, whichever that is', async () => {
  const backend = await echoBackend('b1');
  const { port } = await start(config({ address: '[::]:0' }, backend.port));
  for (const address of ownAddresses()) {
    // From elsewhere: to the address that was asked at the system would have answered from that one by itself.
    const client = await UdpPeer.open(address.includes(':') ? '::1' : '127.0.0.1');
    expect(await client.ask('hello', port, address)).toEqual({ text: 'b1 hello', address, port });
  }
}, 30_000);

test('an address that another program has is refused at a reload, and what was served goes on', async () => {
  const backend = await echoBackend('b1');
  const other = await UdpPeer.open();
  const { tidegate, port } = await start(config({ address: '127.0.0.1:0' }, backend.port));
  const refused = tidegate.nextLine('reload refused; what was served goes on');
  await tidegate.write(
    'tidegate.config.json',
    config({ address: '127.0.0.1:0' }, backend.port, {
      listeners: [
        { name: 'echo', protocol: 'udp', address: '127.0.0.1:0', upstream: 'echo' },
        { name: 'taken', protocol: 'udp', address: `127.0.0.1:${other.port}`, upstream: 'echo' },
      ],
    }),
  );
  expect(JSON.stringify((await refused)['problems'])).toContain(
    `cannot listen on 127.0.0.1:${other.port} (UDP): the address is in use (EADDRINUSE)`,
  );
  expect((await (await UdpPeer.open()).ask('hello', port)).text).toBe('b1 hello');
}, 30_000);

test.skipIf(process.getuid?.() !== 0)(
  'a port below 1024 works with `user`',
  async () => {
    const backend = await echoBackend('b1');
    // An address of this machine's own that nothing else listens on.
    await start(config({ address: '127.83.7.9:53' }, backend.port, { user: 'nobody' }));
    const client = await UdpPeer.open();
    expect((await client.ask('hello', 53, '127.83.7.9')).text).toBe('b1 hello');
  },
  30_000,
);

test('a listener that a reload takes out stops answering, and its port is free', async () => {
  const backend = await echoBackend('b1');
  const { tidegate, port } = await start(
    config({ address: '127.0.0.1:0', drainTimeout: '0s' }, backend.port),
  );
  const client = await UdpPeer.open();
  await client.ask('1', port);
  const reloaded = tidegate.nextLine('reloaded');
  await tidegate.write(
    'tidegate.config.json',
    config({}, backend.port, {
      listeners: [{ name: 'web', protocol: 'http', address: '127.0.0.1:0', upstream: 'echo' }],
    }),
  );
  await reloaded;
  await expect.poll(() => UdpPeer.open('127.0.0.1', port).then((peer) => peer.port)).toBe(port);
}, 30_000);

test('every port of a range is served, and goes on to the same one with `port: listener`', async () => {
  const backends = [await echoBackend('b0'), await echoBackend('b1')];
  const first = backends[0]?.port ?? 0;
  const tidegate = await runTidegate({
    files: {
      'tidegate.config.json': JSON.stringify({
        listeners: [
          { name: 'range', protocol: 'udp', address: `127.0.0.2:${first}-${first + 2}`, upstream: 'echo' },
        ],
        upstreams: {
          echo: { backends: [{ address: '127.0.0.1:9' }], port: 'listener', healthCheck: false },
        },
        workers: 2,
      }),
    },
    config: 'tidegate.config.json',
    workers: 'real',
  });
  await tidegate.line('listening');
  const client = await UdpPeer.open();
  expect((await client.ask('hello', first, '127.0.0.2')).text).toBe('b0 hello');
  backends[1]?.close();
  const next = await echoBackend('next', first + 2);
  expect((await client.ask('hello', first + 2, '127.0.0.2')).text).toBe('next hello');
  expect(next.texts).toEqual(['hello']);
}, 30_000);
