import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { poll } from '../../support/poll.ts';
import { runTidegate, type TidegateProcess } from '../../support/tidegate-process.ts';
import { echoBackend, UdpPeer } from '../../support/udp-peers.ts';

interface Wanted {
  readonly address: string;
  readonly drainTimeout?: string;
}

function config(backendPort: number, { address, drainTimeout = '10s' }: Wanted): string {
  return `
listeners:
  - { name: game, protocol: udp, address: '${address}', upstream: site, drainTimeout: ${drainTimeout} }
upstreams:
  site: { healthCheck: false, backends: [{ address: '127.0.0.1:${backendPort}' }] }
workers: 1
log: { access: { format: json, file: access.log } }
`;
}

async function freePorts(count: number): Promise<number> {
  return poll(async () => {
    const first = await UdpPeer.open();
    const peers = await Promise.allSettled(
      Array.from({ length: count - 1 }, (_, i) => UdpPeer.open('127.0.0.1', first.port + 1 + i)),
    );
    const { port } = first;
    first.close();
    for (const peer of peers) if (peer.status === 'fulfilled') peer.value.close();
    return peers.every(({ status }) => status === 'fulfilled') && port;
  });
}

async function reload(tidegate: TidegateProcess, text: string): Promise<void> {
  await tidegate.write('tidegate.config.yaml', text);
  const { status, stderr } = await tidegate.command('reload');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
}

async function askAsNewClients(port: number, count: number): Promise<void> {
  const clients = await Promise.all(Array.from({ length: count }, () => UdpPeer.open()));
  for (const client of clients) expect((await client.ask('new', port)).text).toBe('b1 new');
}

test.each([
  ['127.0.0.1', '0.0.0.0'],
  ['0.0.0.0', '127.0.0.1'],
  ['[::]', '0.0.0.0'],
])(
  'a listener at %s that a reload puts at %s keeps its sessions and takes all new ones',
  async (from, to) => {
    const backend = await echoBackend('b1');
    const port = await freePorts(1);
    const tidegate = await runTidegate({
      workers: 'real',
      files: { 'tidegate.config.yaml': config(backend.port, { address: `${from}:${port}` }) },
    });
    const clients = await Promise.all(Array.from({ length: 10 }, () => UdpPeer.open()));
    for (const client of clients) await client.ask('1', port);
    await reload(tidegate, config(backend.port, { address: `${to}:${port}` }));
    for (const client of clients) expect((await client.ask('2', port)).text).toBe('b1 2');
    expect(new Set(backend.received.map((each) => each.port)).size).toBe(10);
    await askAsNewClients(port, 20);
  },
);

test('a listener that a reload removes can be had back before the time of its sessions is over', async () => {
  const backend = await echoBackend('b1');
  const port = await freePorts(2);
  const there = config(backend.port, { address: `127.0.0.1:${port}` });
  const tidegate = await runTidegate({ workers: 'real', files: { 'tidegate.config.yaml': there } });
  await askAsNewClients(port, 1);
  await reload(tidegate, config(backend.port, { address: `127.0.0.1:${port + 1}` }));
  await reload(tidegate, there);
  await askAsNewClients(port, 20);
});

test('sessions of a port that a range loses end after `drainTimeout`, and no new ones begin there', async () => {
  const backend = await echoBackend('b1');
  const port = await freePorts(2);
  const tidegate = await runTidegate({
    workers: 'real',
    files: {
      'tidegate.config.yaml': config(backend.port, {
        address: `127.0.0.1:${port}-${port + 1}`,
        drainTimeout: '4s',
      }),
    },
  });
  const [client, late] = [await UdpPeer.open(), await UdpPeer.open()];
  await client.ask('1', port + 1);
  await reload(tidegate, config(backend.port, { address: `127.0.0.1:${port}`, drainTimeout: '4s' }));
  await late.sent('too late', port + 1);
  expect((await client.ask('2', port + 1)).text).toBe('b1 2');
  const line = await poll(async () => {
    const lines = (await readFile(join(tidegate.folder, 'access.log'), 'utf8')).split('\n');
    return lines.find((each) => each.includes(`"clientPort":${client.port}`));
  });
  expect(JSON.parse(line)).toMatchObject({ end: 'drained', datagramsFromClient: 2 });
  expect(late.received).toEqual([]);
});
