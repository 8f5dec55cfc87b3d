import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import type { DataPath } from '../support/data-path.ts';
import { certificateFiles } from '../support/certificates.ts';
import { startWebSocketServer } from '../support/websocket-peers.ts';
import { startProxy } from '../integration/http1/setup.ts';
import { ChromiumPage, SITE_NAME } from './chromium.ts';
import { startNginx } from './real-servers.ts';

const ASSETS = 30;

const page = `<!doctype html><title>assets</title>${Array.from(
  { length: ASSETS },
  (_, index) => `<img src="/${index}.svg" alt="">`,
).join('')}`;

const image = (index: number): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="${index + 1}" height="1"><desc>${'x'.repeat(index * 1000)}</desc></svg>`;

/** nginx has the page and its assets, another backend the WebSockets at /chat. */
async function startSite(http2: boolean): Promise<DataPath> {
  const nginx = await startNginx('location / { types { text/html html; image/svg+xml svg; } }');
  await writeFile(join(nginx.folder, 'index.html'), page);
  for (let index = 0; index < ASSETS; index++)
    await writeFile(join(nginx.folder, `${index}.svg`), image(index));
  const chat = await startWebSocketServer();
  return startProxy({
    listener: {
      protocol: 'https',
      tls: { certificates: [certificateFiles('one')] },
      http2,
      routes: [{ path: '/chat', upstream: 'chat' }],
    },
    upstreams: {
      site: { backends: [{ address: `127.0.0.1:${nginx.port}` }] },
      chat: { backends: [{ address: `127.0.0.1:${chat.port}` }] },
    },
  });
}

const echoed = `new Promise((resolve, reject) => {
  const socket = new WebSocket(location.origin.replace('https', 'wss') + '/chat');
  socket.onopen = () => socket.send('x'.repeat(100_000));
  socket.onmessage = ({ data }) => { resolve(data.length); socket.close(); };
  socket.onclose = ({ code }) => reject(new Error('closed with ' + code));
})`;

const protocols = `performance.getEntries()
  .filter(({ entryType }) => entryType === 'navigation' || entryType === 'resource')
  .map((entry) => entry.nextHopProtocol + ' ' + entry.responseStatus)`;

test.each([
  { http2: true, hop: 'h2', logged: 'HTTP/2.0' },
  { http2: false, hop: 'http/1.1', logged: 'HTTP/1.1' },
])(
  'Chromium loads a page with 30 assets over $hop, and opens a WebSocket over $logged',
  async ({ http2, hop, logged }) => {
    const proxy = await startSite(http2);
    const chromium = await ChromiumPage.start();
    await chromium.open(`https://${SITE_NAME}:${proxy.port}/`);
    const loaded = z.array(z.string()).parse(await chromium.evaluate(protocols));
    const expected = `${hop} 200`;
    expect(loaded.filter((each) => each === expected).length).toBeGreaterThanOrEqual(ASSETS + 1);
    expect(new Set(loaded.filter((each) => !each.endsWith(' 404')))).toEqual(new Set([expected]));
    const widths = await chromium.evaluate('[...document.images].map((image) => image.naturalWidth)');
    expect(widths).toEqual(Array.from({ length: ASSETS }, (_, index) => index + 1));
    expect(await chromium.evaluate(echoed)).toBe(100_000);
    await expect
      .poll(() => proxy.entries.filter(({ target }) => target === '/chat'))
      .toMatchObject([{ status: 101, protocol: logged, error: null }]);
  },
);
