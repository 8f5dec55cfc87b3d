import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { listenForTest } from '../../support/listen.ts';
import { runTidegate } from '../../support/tidegate-process.ts';

const KIB = 1024;
const bytes = Buffer.from(Array.from({ length: 384 * KIB }, (_, i) => i % 251));

test('bandwidth-limit holds bodies to their rate both ways, and changes nothing of them', async () => {
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      if (request.method === 'GET') response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
      else response.end(String(Buffer.concat(pieces).equals(bytes)));
    });
  });
  const port = await listenForTest(server, () => server.closeAllConnections());
  const tidegate = await runTidegate({
    workers: 'real',
    files: {
      'tidegate.config.yaml': `
listeners:
  - name: web
    address: '127.0.0.1:0'
    upstream: site
    plugins: [{ use: bandwidth-limit, options: { perConnection: { send: 256KiB, receive: 256KiB }, burst: 64KiB } }]
upstreams: { site: { backends: [{ address: '127.0.0.1:${port}' }], healthCheck: false } }
workers: 1
`,
    },
  });
  const url = await tidegate.url();
  // 64 KiB at once, and 320 KiB at 256 KiB a second; a busy machine may take longer, never shorter
  const leastMs = (320 / 256) * 1000 * 0.9;

  const asked = performance.now();
  const answer = await fetch(url);
  expect(answer.headers.get('content-length')).toBe(String(bytes.length));
  expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
  expect(performance.now() - asked).toBeGreaterThan(leastMs);

  const sent = performance.now();
  expect(await (await fetch(url, { method: 'POST', body: bytes })).text()).toBe('true');
  expect(performance.now() - sent).toBeGreaterThan(leastMs);

  // one that goes away in the middle leaves nothing behind that the others wait for
  const client = new AbortController();
  const gone = await fetch(url, { signal: client.signal });
  client.abort();
  await expect(gone.arrayBuffer()).rejects.toThrow();
  expect((await fetch(url, { headers: { connection: 'close' } })).status).toBe(200);
});

test('a piece that takes longer to pass than an idle connection may be idle is not cut off', async () => {
  const body = bytes.subarray(0, 48 * KIB);
  const server = createServer((_, response) => response.end(body));
  const port = await listenForTest(server, () => server.closeAllConnections());
  const tidegate = await runTidegate({
    workers: 'real',
    files: {
      'tidegate.config.yaml': `
listeners:
  - name: web
    address: '127.0.0.1:0'
    upstream: site
    timeouts: { idle: 1s }
    plugins: [{ use: bandwidth-limit, options: { total: { send: 16KiB }, burst: 1KiB } }]
upstreams: { site: { backends: [{ address: '127.0.0.1:${port}' }], healthCheck: false } }
workers: 1
`,
    },
  });
  const asked = performance.now();
  const answer = await fetch(await tidegate.url());
  expect(Buffer.from(await answer.arrayBuffer()).equals(body)).toBe(true);
  expect(performance.now() - asked).toBeGreaterThan(2500);
});
