import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, get, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { webConfig } from '../../support/configs.ts';
import { listenForTest } from '../../support/listen.ts';
import { onDiskOf, withOwnDisk } from '../../support/own-disk.ts';
import { poll } from '../../support/poll.ts';
import { statusOf } from '../../support/status.ts';
import { runTidegate } from '../../support/tidegate-process.ts';

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly cache: string;
}

async function answerOf(message: IncomingMessage): Promise<Answer> {
  let body = '';
  for await (const piece of message) body += String(piece);
  return { status: message.statusCode ?? 0, body, cache: String(message.headers['cache-status']) };
}

/** The same whatever port is asked: it is part of the key. */
const headers = { host: 'example.test' };

/** On a connection of its own: any worker may get it. */
async function fetchFrom(url: string): Promise<Answer> {
  const [message] = await once(get(url, { agent: false, headers }), 'response');
  return answerOf(message);
}

async function purge(url: string): Promise<number> {
  const [message] = await once(request(url, { agent: false, headers, method: 'PURGE' }).end(), 'response');
  return (await answerOf(message)).status;
}

/** Gives what `answer` says, and counts. */
async function startBackend(answer: (response: ServerResponse, path: string) => void) {
  const paths: string[] = [];
  const server = createServer((asked, response) => {
    paths.push(asked.url ?? '');
    response.setHeader('cache-control', 'max-age=600');
    answer(response, asked.url ?? '');
  });
  const port = await listenForTest(server, () => server.closeAllConnections());
  return { address: `127.0.0.1:${port}`, paths };
}

function cacheFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-cache-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'cache');
}

function configOf(backend: string, folder: string, workers: number): string {
  const options = { disk: { folder }, purge: { from: ['127.0.0.1'] } };
  return webConfig({ workers, backend, plugins: [{ use: 'cache', options }] });
}

async function run(backend: string, folder: string, workers = 2) {
  const files = { 'tidegate.config.yaml': configOf(backend, folder, workers) };
  const tidegate = await runTidegate({ files, workers: 'real' });
  return { tidegate, url: await tidegate.url() };
}

function entriesIn(folder: string): number {
  return readdirSync(join(folder, 'entries'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.includes('/'),
  ).length;
}

test('what one worker has fetched the others serve from the disk, and so does the next Tidegate', async () => {
  const backend = await startBackend((response) => response.end('kept'));
  const folder = cacheFolder();
  const { tidegate, url } = await run(backend.address, folder);
  expect(await fetchFrom(`${url}/a`)).toMatchObject({
    body: 'kept',
    cache: expect.stringContaining('stored'),
  });
  await poll(() => entriesIn(folder) === 1);
  for (let index = 0; index < 10; index++)
    expect(await fetchFrom(`${url}/a`)).toMatchObject({
      body: 'kept',
      cache: expect.stringContaining('hit'),
    });
  tidegate.kill('SIGTERM');
  await tidegate.exited;
  const later = await run(backend.address, folder);
  expect(await fetchFrom(`${later.url}/a`)).toMatchObject({
    body: 'kept',
    cache: expect.stringContaining('hit'),
  });
  expect(backend.paths).toEqual(['/a']);
});

test('a purge in one worker takes it from all of them, and from the disk', async () => {
  let text = 'old';
  const backend = await startBackend((response) => response.end(text));
  const { url } = await run(backend.address, cacheFolder());
  for (const path of ['/img/a', '/img/b', '/page'])
    for (let index = 0; index < 10; index++) expect((await fetchFrom(url + path)).body).toBe('old');
  text = 'new';
  expect(await purge(`${url}/img/*`)).toBe(200);
  for (let index = 0; index < 10; index++) {
    expect((await fetchFrom(`${url}/img/a`)).body).toBe('new');
    expect((await fetchFrom(`${url}/img/b`)).body).toBe('new');
    expect((await fetchFrom(`${url}/page`)).body).toBe('old');
  }
});

test('a worker that is killed while it stores an answer leaves no half of it', async () => {
  const whole = 'x'.repeat(300_000);
  let isSlow = true;
  const backend = await startBackend((response) => {
    if (isSlow) response.write(whole.slice(0, 200_000));
    else response.end(whole);
  });
  const folder = cacheFolder();
  const { tidegate, url } = await run(backend.address, folder, 1);
  const asking = get(`${url}/a`, { agent: false, headers });
  asking.on('error', () => {});
  asking.on('response', (message) => message.on('error', () => {}).resume());
  const unfinished = join(folder, 'unfinished');
  await poll(() => readdirSync(unfinished).some((name) => !name.endsWith('.member')));
  isSlow = false;
  const [worker] = (await statusOf(tidegate)).workers;
  process.kill(worker?.pid ?? -1, 'SIGKILL');
  await poll(async () => (await statusOf(tidegate)).workers.some(({ pid }) => pid !== worker?.pid));
  const answer = await poll(() => fetchFrom(`${url}/a`));
  expect(answer.body).toBe(whole);
  expect(answer.cache).not.toContain('hit');
  await poll(() => entriesIn(folder) === 1);
  expect((await fetchFrom(`${url}/a`)).body).toBe(whole);
});

test('a full disk costs no request, and says so once', async () => {
  const body = 'x'.repeat(20_000);
  const backend = await startBackend((response, path) => response.end(path + body));
  const within = withOwnDisk('{folder}/disk');
  const files = { 'tidegate.config.yaml': configOf(backend.address, './disk', 1) };
  const tidegate = await runTidegate({ files, workers: 'real', within });
  const url = await tidegate.url();
  // On a disk of 1 MiB.
  for (let index = 0; index < 100; index++) {
    const answer = await fetchFrom(`${url}/${index}`);
    expect([answer.status, answer.body]).toEqual([200, `/${index}${body}`]);
  }
  const warnings = () => tidegate.lines.filter(({ msg }) => msg.startsWith('the disk of the cache fails'));
  await poll(() => warnings().length > 0);
  expect(warnings()[0]).toMatchObject({ cause: expect.stringMatching(/no space left/i) });
  for (let index = 0; index < 100; index++)
    expect((await fetchFrom(`${url}/${index}`)).body).toBe(`/${index}${body}`);
  expect(warnings()).toHaveLength(1);
  const left = onDiskOf(tidegate.pid, 'find', join(tidegate.folder, 'disk/unfinished'), '-type', 'f');
  expect(
    left
      .trim()
      .split('\n')
      .filter((name) => !name.endsWith('.member') && name !== ''),
  ).toEqual([]);
});
