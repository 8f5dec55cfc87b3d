import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, get, type ServerResponse } from 'node:http';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { poll } from '../../support/poll.ts';
import { startDnsServer, type DnsServer, type Zone } from '../../support/dns-server.ts';
import { unusedPort } from '../../support/raw-backend.ts';
import { statusOf } from '../../support/status.ts';
import { runTidegate, type TidegateProcess } from '../../support/tidegate-process.ts';

/** Answers with the address that it was reached at; `/held` waits in `held`. */
async function backendAt(host: string, port: number, held: ServerResponse[] = []): Promise<void> {
  const server = createServer((request, response) => {
    if (request.url === '/held') held.push(response);
    else response.end(host);
  });
  server.listen(port, host);
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
}

async function start(
  zone: Zone | null,
  port: number,
): Promise<{ dns: DnsServer; tidegate: TidegateProcess }> {
  const dns = await startDnsServer(zone === null ? {} : { 'api.internal': zone });
  const tidegate = await runTidegate({
    files: { 'tidegate.config.yaml': config(port) },
    workers: 'real',
    dnsPort: dns.port,
  });
  return { dns, tidegate };
}

function config(port: number, more = ''): string {
  return [
    "listeners: [{ name: web, address: '127.0.0.1:0', upstream: api }]",
    `upstreams: { api: { backends: [{ address: 'api.internal:${port}' }], resolveInterval: 1s${more} } }`,
    'workers: 1',
    'log: { access: { file: ./access.log } }',
    '',
  ].join('\n');
}

async function ask(tidegate: TidegateProcess): Promise<string> {
  const response = await fetch(`${await tidegate.url()}/`);
  return response.ok ? response.text() : String(response.status);
}

/** Whom `times` requests reach. */
async function reached(tidegate: TidegateProcess, times = 6): Promise<string[]> {
  const answers = new Set<string>();
  for (let i = 0; i < times; i++) answers.add(await ask(tidegate));
  return [...answers].toSorted();
}

test('all addresses of a name are used, of both families', async () => {
  const port = await unusedPort();
  for (const host of ['127.0.0.1', '127.0.0.2', '::1']) await backendAt(host, port);
  const { tidegate } = await start({ a: ['127.0.0.1', '127.0.0.2'], aaaa: ['0:0:0:0:0:0:0:1'] }, port);
  expect(await reached(tidegate)).toEqual(['127.0.0.1', '127.0.0.2', '::1']);
  const status = (await tidegate.command('status')).stdout;
  for (const ip of ['127.0.0.1', '127.0.0.2', '::1'])
    expect(status).toContain(`api.internal:${port} (${ip})`);
});

test('addresses that change are followed; a request that runs on one that is gone finishes', async () => {
  const port = await unusedPort();
  const held: ServerResponse[] = [];
  await backendAt('127.0.0.1', port, held);
  await backendAt('127.0.0.2', port);
  const { dns, tidegate } = await start({ a: ['127.0.0.1'] }, port);
  const running = get(`${await tidegate.url()}/held`);
  const answered = once(running, 'response');
  await poll(() => held.length === 1);
  dns.zones.set('api.internal', { a: ['127.0.0.2'] });
  await tidegate.line('the addresses of a backend name changed', (line) =>
    JSON.stringify(line['removed']).includes('127.0.0.1'),
  );
  await poll(async () => (await ask(tidegate)) === '127.0.0.2');
  held[0]?.end('whole');
  await answered;
  expect(await reached(tidegate)).toEqual(['127.0.0.2']);
});

test('a resolver that fails changes nothing, not even for a worker that starts meanwhile', async () => {
  const port = await unusedPort();
  await backendAt('127.0.0.1', port);
  const { dns, tidegate } = await start({ a: ['127.0.0.1'] }, port);
  dns.zones.set('api.internal', { a: ['127.0.0.1'], fails: 'servfail' });
  await tidegate.line('a backend name cannot be resolved');
  const [worker] = (await statusOf(tidegate)).workers;
  const replaced = tidegate.nextLine('worker ready');
  if (worker !== undefined) process.kill(worker.pid, 'SIGKILL');
  await replaced;
  expect(await ask(tidegate)).toBe('127.0.0.1');
});

test('a name that never resolved stops no start and no reload: 503, with the reason in the log, until it does', async () => {
  const port = await unusedPort();
  await backendAt('127.0.0.1', port);
  const { dns, tidegate } = await start(null, port);
  expect(await ask(tidegate)).toBe('503');
  const log = join(tidegate.folder, 'access.log');
  const reason = `no backend of api takes requests; no address is known for api.internal:${port}`;
  await poll(async () => (await readFile(log, 'utf8')).includes(reason));
  expect((await tidegate.command('status')).stdout).toContain(`api.internal:${port} (no address)`);
  await tidegate.write('tidegate.config.yaml', config(port, ', retries: { attempts: 3 }'));
  expect((await tidegate.command('reload')).status).toBe(0);
  dns.zones.set('api.internal', { a: ['127.0.0.1'] });
  await poll(async () => (await ask(tidegate)) === '127.0.0.1');
});

test('a name that a reload brings is resolved before it is served', async () => {
  const port = await unusedPort();
  await backendAt('127.0.0.1', port);
  await backendAt('127.0.0.2', port);
  const { dns, tidegate } = await start({ a: ['127.0.0.1'] }, port);
  dns.zones.set('other.internal', { a: ['127.0.0.2'] });
  await tidegate.write('tidegate.config.yaml', config(port).replace('api.internal', 'other.internal'));
  expect((await tidegate.command('reload')).status).toBe(0);
  expect(await reached(tidegate, 2)).toEqual(['127.0.0.2']);
});
