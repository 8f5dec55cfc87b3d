import { createServer, request, type IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { listenForTest } from '../../support/listen.ts';
import { poll } from '../../support/poll.ts';
import { runTidegate } from '../../support/tidegate-process.ts';

const WORKERS = 3;

/** A backend that says which version it has, and how often it was asked. */
async function startVersions(cacheControl: string) {
  const backend = { version: 1, asked: 0, isDown: false, port: 0 };
  const server = createServer((asked, answer) => {
    backend.asked += 1;
    if (backend.isDown) return void asked.socket.destroy();
    const tag = `"${backend.version}"`;
    answer.setHeader('Cache-Control', cacheControl).setHeader('ETag', tag).setHeader('Cache-Tag', 'all');
    if (asked.headers['if-none-match'] === tag) answer.writeHead(304).end();
    else
      answer.end(
        `v${backend.version} for ${asked.headers.host} ${String(asked.headers['x-forwarded-proto'])}`,
      );
  });
  backend.port = await listenForTest(server, () => server.closeAllConnections());
  return backend;
}

async function start(port: number, options: string): Promise<string> {
  const tidegate = await runTidegate({
    files: {
      'tidegate.config.yaml': `
listeners:
  - name: web
    address: '127.0.0.1:0'
    upstream: site
    plugins: [{ use: cache, options: ${options} }]
upstreams:
  site: { backends: [{ address: '127.0.0.1:${port}' }], healthCheck: false, retries: { attempts: 1 } }
workers: ${WORKERS}
`,
    },
    workers: 'real',
  });
  return tidegate.url();
}

interface Answer {
  readonly status: number | undefined;
  readonly body: string;
  readonly cacheStatus: string;
}

/** Over a connection of its own, which any worker may get. */
function ask(url: string, method = 'GET', headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const done = async (answer: IncomingMessage): Promise<void> => {
      let body = '';
      for await (const piece of answer) body += String(piece);
      const cacheStatus = String(answer.headers['cache-status']);
      resolve({ status: answer.statusCode, body, cacheStatus });
    };
    const sent = request(
      url,
      { method, headers: { host: 'shop.example', ...headers }, agent: false },
      (answer) => {
        done(answer).catch(reject);
      },
    );
    sent.on('error', reject).end();
  });
}

async function askAll(url: string): Promise<readonly string[]> {
  const answers = await Promise.all(Array.from({ length: 24 }, () => ask(`${url}/a`)));
  return [...new Set(answers.map(({ body }) => body))];
}

test('each worker asks once, and a purge reaches them all', async () => {
  const backend = await startVersions('max-age=600');
  const url = await start(backend.port, '{ purge: { from: [127.0.0.1] } }');
  const told = (): string => `v${backend.version} for shop.example http`;
  /** Connections go to whichever worker takes them first: so until each has asked. */
  const allWorkersAsk = async (asked: number): Promise<unknown> =>
    poll(async () => (await askAll(url)).join() === told() && backend.asked >= asked);
  await allWorkersAsk(WORKERS);
  expect(backend.asked).toBe(WORKERS);
  for (const [target, headers] of [
    ['/a', {}],
    ['/*', {}],
    ['/', { 'cache-tag': 'all' }],
  ] as const) {
    const kept = told();
    const { asked } = backend;
    backend.version += 1;
    expect(await askAll(url)).toEqual([kept]);
    const purged = await ask(`${url}${target}`, 'PURGE', headers);
    expect(purged).toMatchObject({ status: 200, body: expect.stringContaining('Purged: ') });
    await allWorkersAsk(asked + WORKERS);
  }
});

test('a POST to one worker takes it out of all', async () => {
  const backend = await startVersions('max-age=600');
  const url = await start(backend.port, '{}');
  await askAll(url);
  backend.version = 2;
  await ask(`${url}/a`, 'POST');
  await poll(async () => (await askAll(url)).join() === 'v2 for shop.example http');
});

test('a stale answer is served, and the next one is fetched in the background as the client would', async () => {
  const backend = await startVersions('max-age=0, stale-while-revalidate=600');
  const url = await start(backend.port, '{}');
  await askAll(url);
  backend.version = 2;
  await poll(async () => {
    const { body, cacheStatus } = await ask(`${url}/a`);
    if (body === 'v2 for shop.example http') return true;
    expect([body, cacheStatus]).toEqual(['v1 for shop.example http', expect.stringContaining('; hit; ttl=')]);
    return false;
  });
});

test('with the backend down, stale answers are served by all workers', async () => {
  const backend = await startVersions('max-age=0, stale-if-error=600');
  const url = await start(backend.port, '{ disk: { folder: ./kept } }');
  await poll(async () => (await ask(`${url}/a`)).cacheStatus.includes('fwd=stale'));
  backend.isDown = true;
  await poll(async () => (await askAll(url)).join() === 'v1 for shop.example http');
  expect(await askAll(url)).toEqual(['v1 for shop.example http']);
});
