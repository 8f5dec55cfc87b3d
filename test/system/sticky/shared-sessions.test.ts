import { once } from 'node:events';
import { createServer, get } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { fetchStatus } from '../../../core/admin/client.ts';
import { poll } from '../../support/poll.ts';
import { runTidegate, type TidegateProcess } from '../../support/tidegate-process.ts';

/** A backend that answers with its address and begins a session for a client without one. */
async function startApplication(): Promise<string> {
  let sessions = 0;
  const server = createServer((request, response) => {
    if (request.headers.cookie === undefined)
      response.setHeader('set-cookie', `SID=${address}-${++sessions}; Path=/`);
    response.end(address);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  onTestFinished(() => server.closeAllConnections());
  const bound = server.address();
  const address = `127.0.0.1:${typeof bound === 'object' ? bound?.port : ''}`;
  return address;
}

async function start(): Promise<TidegateProcess> {
  const backends = await Promise.all([startApplication(), startApplication(), startApplication()]);
  const rows = backends.map((address) => `{ address: '${address}' }`).join(', ');
  return runTidegate({
    files: {
      'tidegate.config.yaml': `listeners:
  - { name: web, address: '127.0.0.1:0', upstream: learned, routes: [{ path: /source, upstream: source }], forwarded: { trust: [127.0.0.1] } }
upstreams:
  learned: { sticky: { type: app-cookie, name: SID }, backends: [${rows}] }
  source: { sticky: { type: source }, backends: [${rows}] }
workers: 2
`,
    },
    workers: 'real',
  });
}

/** Over a connection of its own: any worker may get it. */
function ask(url: string, headers: Readonly<Record<string, string>> = {}): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false, headers }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => resolve([body, response.headers['set-cookie']?.[0]?.split(';')[0] ?? '']));
    }).on('error', reject);
  });
}

/** Who answers so many requests. */
async function whoAnswers(url: string, headers: Readonly<Record<string, string>>): Promise<Set<string>> {
  const answers = await Promise.all(Array.from({ length: 6 }, () => ask(url, headers)));
  return new Set(answers.map(([body = '']) => body));
}

async function replaceWorker({ configFile }: TidegateProcess, index: number): Promise<void> {
  const pids = (await fetchStatus(configFile)).workers.map(({ pid }) => pid);
  process.kill(pids[index] ?? 0, 'SIGKILL');
  await poll(async () => {
    const now = (await fetchStatus(configFile)).workers.map(({ pid }) => pid);
    return now.length === 2 && !now.includes(pids[index] ?? 0);
  });
}

test('the clients that one worker has learned are known to the other one, and to one that comes up', async () => {
  const tidegate = await start();
  const url = await tidegate.url();
  const learned = await Promise.all(Array.from({ length: 6 }, () => ask(url)));
  const source = `${url}/source`;
  const bySource = new Map<string, string>();
  for (let i = 0; i < 10; i++) {
    const client = `192.0.2.${i}`;
    bySource.set(client, (await ask(source, { 'x-forwarded-for': client }))[0] ?? '');
  }
  const drained = bySource.get('192.0.2.0') ?? '';
  expect(await tidegate.command('backends', 'drain', 'source', drained)).toMatchObject({ status: 0 });
  const stay = (): Promise<unknown> =>
    Promise.all([
      ...learned.map(async ([backend = '', cookie = '']) =>
        expect(await whoAnswers(url, { cookie })).toEqual(new Set([backend])),
      ),
      ...[...bySource].map(async ([client, backend]) =>
        expect(await whoAnswers(source, { 'x-forwarded-for': client })).toEqual(new Set([backend])),
      ),
    ]);
  await stay();
  await replaceWorker(tidegate, 0);
  await stay();
  const strangers = Array.from({ length: 10 }, (_, i) => `198.51.100.${i}`);
  await Promise.all(
    strangers.map(async (client) =>
      expect(await whoAnswers(source, { 'x-forwarded-for': client })).not.toContain(drained),
    ),
  );
});
