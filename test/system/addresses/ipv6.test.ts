import { createServer, request } from 'node:http';
import { json } from 'node:stream/consumers';

import { expect, test } from 'vitest';
import { z } from 'zod';

import { accepts } from '../../support/accepts.ts';
import { listenForTest } from '../../support/listen.ts';
import { unusedPort } from '../../support/raw-backend.ts';
import { runTidegate, type TidegateProcess } from '../../support/tidegate-process.ts';

/** A backend on `[::1]` that answers with the headers that it got. */
async function backendPort(): Promise<number> {
  const server = createServer((received, response) => response.end(JSON.stringify(received.headers)));
  return listenForTest(server, () => server.closeAllConnections(), '::1');
}

function config(backend: number, ...listeners: string[]): string {
  const rows = listeners.map((listener, i) => `  - { name: l${i}, upstream: site, ${listener} }`);
  const upstreams = `upstreams: { site: { backends: [{ address: '[::1]:${backend}' }] } }`;
  return ['listeners:', ...rows, upstreams, 'workers: 1', ''].join('\n');
}

const run = (text: string): Promise<TidegateProcess> =>
  runTidegate({ files: { 'tidegate.config.yaml': text }, workers: 'real' });

const headerFields = z.record(z.string(), z.unknown());

/** What the backend gets of a request to this address. */
function headersVia(host: string, port: number, headers = {}): Promise<z.infer<typeof headerFields>> {
  return new Promise((resolve, reject) => {
    const sent = request({ host, port, headers: { host: `[::1]:${port}`, ...headers } }, (response) => {
      json(response).then((body) => resolve(headerFields.parse(body)), reject);
    });
    sent.on('error', reject);
    sent.end();
  });
}

test('[::] is every interface of both families, and clients have the address of their own', async () => {
  const port = await unusedPort();
  await run(config(await backendPort(), `address: '[::]:${port}'`));
  expect(await headersVia('127.0.0.1', port)).toMatchObject({
    'x-forwarded-for': '127.0.0.1',
    forwarded: `for=127.0.0.1;proto=http;host="[::1]:${port}"`,
  });
  expect(await headersVia('::1', port)).toMatchObject({
    'x-forwarded-for': '::1',
    forwarded: `for="[::1]";proto=http;host="[::1]:${port}"`,
  });
});

test('IPv6 addresses, mapped or in brackets, are understood in what a trusted proxy says', async () => {
  const port = await unusedPort();
  const trust = "forwarded: { trust: ['::1', '10.0.0.0/8'] }, rules: ./who.ts";
  await runTidegate({
    files: {
      'tidegate.config.yaml': config(await backendPort(), `address: '[::1]:${port}', ${trust}`),
      'who.ts':
        "import { defineRules, next } from 'tidegate/rules';\n" +
        "export default defineRules({ request(req) { req.headers.set('x-client', req.client.address); return next(); } });\n",
    },
    workers: 'real',
  });
  const clientOf = async (chain: string): Promise<unknown> =>
    (await headersVia('::1', port, { 'x-forwarded-for': chain }))['x-client'];
  expect(await clientOf('6.6.6.6, [2001:db8::7]:4711, ::ffff:10.1.1.1')).toBe('2001:db8::7');
  expect(await clientOf('::ffff:192.0.2.1')).toBe('192.0.2.1');
});

test('with ipv6Only, IPv4 clients are not taken, and another listener may have the port for IPv4', async () => {
  const port = await unusedPort();
  const backend = await backendPort();
  const only = `address: '[::]:${port}', ipv6Only: true`;
  const tidegate = await run(config(backend, only));
  expect(await accepts(port)).toBe(false);
  expect((await headersVia('::1', port))['x-forwarded-for']).toBe('::1');
  await tidegate.write('tidegate.config.yaml', config(backend, only, `address: '0.0.0.0:${port}'`));
  expect((await tidegate.command('reload')).status).toBe(0);
  expect((await headersVia('127.0.0.1', port))['x-forwarded-for']).toBe('127.0.0.1');
});

test('a reload that changes ipv6Only of a bound address is refused, and says what it takes', async () => {
  const port = await unusedPort();
  const backend = await backendPort();
  const tidegate = await run(config(backend, `address: '[::]:${port}'`));
  await tidegate.write('tidegate.config.yaml', config(backend, `address: '[::]:${port}', ipv6Only: true`));
  const { status, stderr } = await tidegate.command('reload');
  expect(status).toBe(1);
  expect(stderr).toContain(`cannot change ipv6Only of [::]:${port} while it is bound: that needs a restart`);
  expect(await accepts(port)).toBe(true);
});
