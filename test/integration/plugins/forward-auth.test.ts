import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { subrequestSender, type SubrequestSender } from '../../../core/exchange/plugins/subrequest.ts';
import forwardAuth from '../../../plugins/builtin/forward-auth/forward-auth.ts';
import { TestContext } from '../../../plugins/testing/test-context.ts';
import type { DataPath } from '../../support/data-path.ts';
import { listenForTest } from '../../support/listen.ts';
import { chainOf } from '../../support/plugin-chain.ts';
import { connectRaw, get, post } from '../../support/raw-client.ts';
import { inFlight, startProxy } from '../http1/setup.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

async function serve(handler: Handler): Promise<{ backends: { address: string }[] }> {
  const server = createServer(handler);
  const port = await listenForTest(server, () => server.closeAllConnections());
  return { backends: [{ address: `127.0.0.1:${port}` }] };
}

/** The site behind it says who it takes the client for, and what it was sent. */
const site: Handler = (request, response) => {
  void (async () => {
    let body = '';
    for await (const piece of request) body += String(piece);
    response.end(`${request.method} ${request.url} by ${String(request.headers['remote-user'])}: ${body}`);
  })();
};

/** A portal: a login page, and a place to ask. A session is known by its cookie. */
const portal: Handler = (request, response) => {
  const { headers } = request;
  if (request.url?.startsWith('/login') === true) {
    const to = new URL(request.url, 'http://portal').searchParams.get('to') ?? '/';
    response.writeHead(303, { Location: to, 'Set-Cookie': 'session=good; Path=/; HttpOnly' }).end();
    return;
  }
  if (headers.cookie?.includes('session=good') === true) {
    response.writeHead(204, { 'Remote-User': 'kim', 'Set-Cookie': 'session=good; Max-Age=60' }).end();
    return;
  }
  const asked = `${String(headers['x-forwarded-proto'])}://${String(headers['x-forwarded-host'])}${String(headers['x-forwarded-uri'])}`;
  response
    .writeHead(302, { Location: `/login?to=${encodeURIComponent(asked)}`, 'Content-Type': 'text/html' })
    .end('<a>log in</a>');
};

async function start(auth: Handler, options: object = {}): Promise<DataPath> {
  const given = { upstream: 'auth', target: '/verify', copyHeaders: ['Remote-User'], ...options };
  const result = await forwardAuth.options['~standard'].validate(given);
  if (result.issues !== undefined) throw new Error(JSON.stringify(result.issues));
  let send: SubrequestSender | null = null;
  const context = new TestContext({});
  context.request = (subrequest) => send?.(subrequest) ?? Promise.reject(new Error('not yet'));
  const plugin = await forwardAuth.create(result.value, context);
  const proxy = await startProxy({
    upstreams: { site: await serve(site), auth: await serve(auth) },
    listener: {
      routes: [
        { path: '/login', upstream: 'auth' },
        { path: '/*', upstream: 'site' },
      ],
    },
    routePlugins: new Map([[1, chainOf(plugin)]]),
  });
  const { pools, tunnels, log } = proxy.service;
  send = subrequestSender({ upstreams: () => proxy.upstreams, pools, tunnels, log });
  return proxy;
}

test('who is not known is sent to log in, comes back with a cookie, and passes', async () => {
  const proxy = await start(portal, { setCookies: true });
  const client = await connectRaw(proxy.port);
  const away = await client.request(get('/cart?a=b', 'Remote-User: root'));
  expect(away).toMatchObject({ status: 302, body: '<a>log in</a>' });
  const login = away.header('location') ?? '';
  expect(login).toBe(`/login?to=${encodeURIComponent('http://example.test/cart?a=b')}`);

  const back = await client.request(get(login));
  expect([back.status, back.header('location')]).toEqual([303, 'http://example.test/cart?a=b']);
  const cookie = back.header('set-cookie')?.split(';')[0] ?? '';

  const known = await client.request(get('/cart?a=b', `Cookie: ${cookie}`, 'Remote-User: root'));
  expect(known).toMatchObject({ status: 200, body: 'GET /cart?a=b by kim: ' });
  expect(known.header('set-cookie')).toBe('session=good; Max-Age=60');
});

test('a body waits for the answer, and is the backend’s alone', async () => {
  const asked: string[] = [];
  const proxy = await start((request, response) => {
    asked.push(JSON.stringify([request.method, request.url, request.headers]));
    setImmediate(() => portal(request, response));
  });
  const client = await connectRaw(proxy.port);
  const answer = await client.request(post('/order', 'a=b', 'Cookie: session=good'));
  expect(answer).toMatchObject({ status: 200, body: 'POST /order by kim: a=b' });
  expect(asked).toHaveLength(1);
  expect(asked[0]).toMatch(/^\["GET","\/verify"/);
  expect(asked[0]).not.toMatch(/content-length|transfer-encoding|content-type/i);
  expect(asked[0]).toContain('"x-forwarded-method":"POST"');
  expect(asked[0]).toContain('"x-forwarded-for":"127.0.0.1"');
});

test('attack: what breaks the question off lets nobody pass', async () => {
  const answers: readonly Handler[] = [
    (request) => request.socket.destroy(),
    (_, response) => {
      response.writeHead(401, { 'Content-Length': '100' }).write('half');
      setImmediate(() => response.destroy());
    },
    (_, response) => response.writeHead(401).end('x'.repeat(70_000)),
    (_, response) => response.writeHead(404).end(),
    (_, response) => response.writeHead(500).end(),
  ];
  const statuses: number[] = [];
  for (const each of answers) {
    const proxy = await start(each);
    const client = await connectRaw(proxy.port);
    statuses.push((await client.request(get('/', 'Cookie: session=good'))).status);
  }
  expect(statuses).toEqual([503, 502, 502, 502, 503]);
});

test('a client that leaves takes its question along', async () => {
  const asked = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  const proxy = await start(
    (request) => {
      request.socket.once('close', () => gone.resolve());
      asked.resolve();
    },
    { timeout: '5m' },
  );
  const client = await connectRaw(proxy.port);
  client.send(get('/'));
  await asked.promise;
  client.socket.destroy();
  await gone.promise;
  expect(inFlight(proxy)).toBe(0);
});

test('a connection to who is asked serves many questions', async () => {
  const ports = new Set<number | undefined>();
  const proxy = await start((request, response) => {
    ports.add(request.socket.remotePort);
    // Nobody is interested in it, but it is in the way.
    response.writeHead(200, { 'Remote-User': 'kim' }).end('welcome '.repeat(1000));
  });
  const client = await connectRaw(proxy.port);
  for (let i = 0; i < 5; i++) expect((await client.request(get('/'))).body).toContain('by kim');
  expect(ports.size).toBe(1);
});
