import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { authority, certificateFiles } from '../../support/certificates.ts';
import { poll } from '../../support/poll.ts';
import { unusedPort } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { RawSocket } from '../../support/raw-socket.ts';
import { startBackend } from '../../support/slow-backend.ts';
import { statusOf } from '../../support/status.ts';
import { connectTcp, received, startNamed } from '../../support/tcp-peers.ts';
import { runTidegate, type TidegateProcess } from '../../support/tidegate-process.ts';

type Settings = Readonly<Record<string, unknown>>;

async function reload(tidegate: TidegateProcess, text: string): Promise<void> {
  const reloaded = tidegate.nextLine('reloaded');
  await tidegate.write('tidegate.config.yaml', text);
  await reloaded;
}

/** Nor is an answer of before the last reload looked at again. What is not TLS gets none there, nor does who is about to ask when HTTP ends. */
function expectNoErrors(clients: readonly Knocking[]): void {
  for (const { answers } of clients)
    expect(answers.splice(0).filter((answer) => !['HTTP', 'raw\n', ''].includes(answer))).toEqual([]);
}

async function echoes(client: RawSocket, text: string): Promise<void> {
  client.send(text);
  await received(client, text);
}

interface Knocking {
  readonly answers: string[];
  stop(): Promise<void>;
}

/** Connects and asks over and over, with one connection after the other, and notes what came back first. */
function knock(port: number): Knocking {
  const answers: string[] = [];
  const over = new AbortController();
  const one = (): Promise<void> =>
    new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1');
      let answer = '';
      socket.write(get('/'));
      socket.once('data', (piece: Buffer) => {
        answer = piece.toString('latin1', 0, 4);
        socket.destroy();
      });
      socket.once('error', (error) => (answer = String(Reflect.get(error, 'code'))));
      socket.once('close', () => {
        answers.push(answer);
        resolve();
      });
    });
  const done = (async () => {
    while (!over.signal.aborted) await one();
  })();
  const stop = async (): Promise<void> => {
    over.abort();
    await done;
  };
  onTestFinished(stop);
  return { answers, stop };
}

test('an address goes from HTTP to TCP, TLS and back: nobody is refused, and connections of before go on', async () => {
  const web = await startBackend();
  const raw = await startNamed('raw');
  const port = await unusedPort();
  const config = (listener: Settings): string =>
    JSON.stringify({
      listeners: [{ name: 'it', address: `127.0.0.1:${port}`, ...listener }],
      upstreams: {
        web: { backends: [{ address: web.address }], healthCheck: false },
        raw: { backends: [{ address: raw.address }], healthCheck: false },
      },
      workers: 2,
    });
  const http = config({ protocol: 'http', upstream: 'web' });
  const tidegate = await runTidegate({ workers: 'real', files: { 'tidegate.config.yaml': http } });
  const clients = [knock(port), knock(port)];
  const more = async (): Promise<void> => {
    for (const { answers } of clients) {
      const before = answers.length;
      await poll(() => answers.length > before + 10);
    }
  };
  await more();
  const arrived = web.slow();
  const asking = await connectRaw(port);
  asking.send(get('/slow'));
  const answer = await arrived;

  await reload(tidegate, config({ protocol: 'tcp', upstream: 'raw', drainTimeout: '1m' }));
  await more();
  const plain = await connectTcp(port);
  await received(plain, 'raw\n');
  answer.end('finished');
  expect((await asking.answer()).body).toBe('finished');
  expectNoErrors(clients);

  const tls = { certificates: [certificateFiles('local')] };
  await reload(tidegate, config({ protocol: 'tls', tls, upstream: 'raw', drainTimeout: '1m' }));
  await more();
  await echoes(plain, 'still in the clear');
  const secure = new RawSocket(connectTls({ port, host: '127.0.0.1', ca: authority }));
  onTestFinished(() => void secure.socket.destroy());
  await received(secure, 'raw\n');
  expectNoErrors(clients);

  await reload(tidegate, http);
  await echoes(plain, 'still there');
  await echoes(secure, 'here, too');
  expectNoErrors(clients);
  await more();
  await Promise.all(clients.map((client) => client.stop()));
  // The first one may have met TLS.
  for (const { answers } of clients) expect(new Set(answers.slice(1))).toEqual(new Set(['HTTP']));
});

test('limits.connections is that of all workers, and a worker that is killed costs its own connections only', async () => {
  const backend = await startNamed('one');
  const tidegate = await runTidegate({
    workers: 'real',
    files: {
      'tidegate.config.yaml': `
listeners: [{ name: it, protocol: tcp, address: '127.0.0.1:0', upstream: site, limits: { connections: 6 } }]
upstreams: { site: { backends: [{ address: '${backend.address}' }], healthCheck: false } }
workers: 2
`,
    },
  });
  const port = await tidegate.port('it');
  const held = new Set<RawSocket>();
  const attempt = async (): Promise<void> => {
    const client = await connectTcp(port);
    const greeting = await received(client, 'one\n').catch(() => null);
    if (greeting !== null) held.add(client);
  };
  const fill = async (): Promise<void> => {
    await poll(async () => {
      await attempt();
      return held.size === 6;
    });
    for (let i = 0; i < 10; i++) await attempt();
    expect(held.size).toBe(6);
  };
  await fill();

  const [killed] = (await statusOf(tidegate)).workers;
  if (killed === undefined) throw new Error('no worker');
  process.kill(killed.pid, 'SIGKILL');
  await poll(() => [...held].filter(({ ended }) => ended !== null).length === 3);
  for (const client of held) {
    if (client.ended !== null) held.delete(client);
    else await echoes(client, 'unharmed');
  }
  await fill();
  for (const client of held) await echoes(client, 'served');
});

test('a listener that gets another name keeps its connections', async () => {
  const backend = await startNamed('one');
  const port = await unusedPort();
  const config = (name: string): string => `
listeners: [{ name: ${name}, protocol: tcp, address: '127.0.0.1:${port}', upstream: site, drainTimeout: 0s }]
upstreams: { site: { backends: [{ address: '${backend.address}' }], healthCheck: false } }
workers: 1
`;
  const files = { 'tidegate.config.yaml': config('before') };
  const tidegate = await runTidegate({ workers: 'real', files });
  const kept = await connectTcp(port);
  await received(kept, 'one\n');
  await reload(tidegate, config('after'));
  await received(await connectTcp(port), 'one\n');
  await echoes(kept, 'still here');
});
