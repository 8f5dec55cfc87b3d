import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { fetchStatus } from '../../../core/admin/client.ts';
import { listenForTest } from '../../support/listen.ts';
import { poll } from '../../support/poll.ts';
import { unusedPort } from '../../support/raw-backend.ts';
import { runTidegate, type TidegateProcess } from '../../support/tidegate-process.ts';
import { echoBackend, UdpPeer } from '../../support/udp-peers.ts';

/** As if written by hand: a rule that turns one away by what it sends, and thins the log out. */
const RULES = `
import { defineRules, deny, inspect, next } from 'tidegate/rules';
export default defineRules({
  connect(conn) {
    if (conn.bytes === null) return inspect(4);
    return String.fromCharCode(...conn.bytes).startsWith('evil') ? deny() : next();
  },
  log(entry) {
    return { tagged: entry.end === 'denied' };
  },
});
`;

async function start(
  admin: number,
): Promise<{ readonly tidegate: TidegateProcess; readonly config: object }> {
  const echo = createServer({ allowHalfOpen: true }, (socket) => void socket.pipe(socket));
  const udp = await echoBackend('b1');
  const config = {
    listeners: [
      { name: 'db', protocol: 'tcp', address: '127.0.0.1:0', rules: './rules.ts', upstream: 'echo' },
      { name: 'dns', protocol: 'udp', address: '127.0.0.1:0', responses: 1, upstream: 'udp' },
    ],
    upstreams: {
      echo: { backends: [{ address: `127.0.0.1:${await listenForTest(echo)}` }] },
      udp: { healthCheck: false, backends: [{ address: `127.0.0.1:${udp.port}` }] },
    },
    workers: 2,
    admin: { address: `127.0.0.1:${admin}` },
    log: { access: { format: 'json', file: './access.log' } },
  };
  const files = { 'tidegate.config.json': JSON.stringify(config), 'rules.ts': RULES };
  const tidegate = await runTidegate({ files, config: 'tidegate.config.json', workers: 'real' });
  return { tidegate, config };
}

async function talk(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  let answer = '';
  socket.on('data', (piece: Buffer) => (answer += piece.toString()));
  // What is denied is reset.
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.end(text);
  await closed;
  return answer;
}

test(
  'what a log, the status and the metrics tell of connections and sessions, over a reload',
  { timeout: 60_000 },
  async () => {
    const admin = await unusedPort();
    const { tidegate, config } = await start(admin);
    const port = await tidegate.port('db');
    const dns = await tidegate.port('dns');
    for (let each = 0; each < 4; each++) expect(await talk(port, 'hello')).toBe('hello');
    expect(await talk(port, 'evil')).toBe('');
    const open = connect(port, '127.0.0.1');
    onTestFinished(() => void open.destroy());
    open.write('half of it');
    await once(open, 'data');
    const client = await UdpPeer.open();
    await client.ask('question', dns);

    const file = join(tidegate.folder, 'access.log');
    const lines = await poll(async () => {
      const all = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
      return all.length === 6 && all.map((line): unknown => JSON.parse(line));
    });
    const passed = { listener: 'db', protocol: 'tcp', upstream: 'echo', decision: 'next', end: 'closed' };
    expect(lines).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          ...passed,
          bytesFromClient: 5,
          bytesFromBackend: 5,
          fields: { tagged: false },
        }),
        expect.objectContaining({
          listener: 'db',
          decision: 'deny',
          end: 'denied',
          attempts: 0,
          upstream: null,
          fields: { tagged: true },
        }),
        expect.objectContaining({
          listener: 'dns',
          protocol: 'udp',
          end: 'responses',
          datagramsFromClient: 1,
          datagramsFromBackend: 1,
        }),
      ]),
    );

    const seen = async (): Promise<readonly object[]> => (await fetchStatus(tidegate.configFile)).listeners;
    const db = {
      name: 'db',
      protocol: 'tcp',
      connections: 1,
      accepted: 6,
      denied: 1,
      refused: 0,
      bytesFromClients: 30,
      bytesFromBackends: 30,
    };
    const session = { name: 'dns', protocol: 'udp', sessions: 0, accepted: 1, datagramsFromClients: 1 };
    expect(await seen()).toMatchObject([db, session]);
    const [backend] = (await fetchStatus(tidegate.configFile)).upstreams.flatMap(({ backends }) => backends);
    expect(backend).toMatchObject({ requests: 5, inFlight: 1, errors: 0 });
    expect(backend?.latencyMs.p99).toBeGreaterThan(0);

    // The counters are the listener's, not the snapshot's, and so is the connection.
    await tidegate.write('tidegate.config.json', JSON.stringify({ ...config, shutdownTimeout: '5s' }));
    const reloaded = tidegate.nextLine('reloaded');
    tidegate.kill('SIGHUP');
    await reloaded;
    open.write('and more');
    await once(open, 'data');
    expect(await seen()).toMatchObject([{ ...db, bytesFromClients: 38, bytesFromBackends: 38 }, session]);
    const { stdout } = await tidegate.command('status');
    expect(stdout).toMatch(/^db +tcp +127\.0\.0\.1:\d+ +1 +6 +38 B +38 B +1 +0$/m);
    expect(stdout).toMatch(/^dns +udp +127\.0\.0\.1:\d+ +0 +1 +1 \(8 B\) +1 \(11 B\) +0 +0 +0$/m);
    const metrics = await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text();
    expect(metrics).toContain(
      'tidegate_listener_bytes_total{listener="db",protocol="tcp",from="clients"} 38\n',
    );
  },
);
