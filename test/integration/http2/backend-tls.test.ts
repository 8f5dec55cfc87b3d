import { createServer } from 'node:net';
import { createServer as createTlsServer, type TlsOptions, type TLSSocket } from 'node:tls';
import { expect, test } from 'vitest';
import { authority, certificate } from '../../support/certificates.ts';
import { startHttp2Backend } from '../../support/http2-backend.ts';
import { listenForTest } from '../../support/listen.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { entry, startProxy } from '../http1/setup.ts';

const good = certificate('local');
const other = certificate('two');
const files = new Map([
  ['/ca.pem', authority],
  ['/proxy.pem', other.cert],
  ['/proxy.key', other.key],
]);

interface TlsBackend {
  readonly port: number;
  readonly connections: readonly TLSSocket[];
}

/** Answers every request over HTTP/1.1 with what it saw of the handshake. */
async function startTlsBackend(options: TlsOptions): Promise<TlsBackend> {
  const connections: TLSSocket[] = [];
  const server = createTlsServer(options, (socket) => {
    connections.push(socket);
    socket.on('error', () => {});
    socket.on('data', () => {
      const seen = [
        socket.alpnProtocol,
        'servername' in socket ? socket.servername : null,
        socket.isSessionReused(),
        socket.authorized,
      ].join(' ');
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${seen.length}\r\n\r\n${seen}`);
    });
  });
  server.on('tlsClientError', () => {});
  const port = await listenForTest(server, () => {
    for (const socket of connections) socket.destroy();
  });
  return { port, connections };
}

async function answerOf(
  host: string,
  port: number,
  settings: Readonly<Record<string, unknown>>,
): Promise<{ status: number; body: string; detail: string | null; error: string | null }> {
  const proxy = await startProxy({
    upstreams: {
      site: { retries: { attempts: 1 }, ...settings, backends: [{ address: `${host}:${port}` }] },
    },
    files,
  });
  const { status, body } = await (await connectRaw(proxy.port)).request(get('/'));
  const { error, errorDetail } = await entry(proxy);
  return { status, body, error, detail: errorDetail };
}

test('a backend that proves its name serves, and is asked for it', async () => {
  const { port } = await startTlsBackend({ ...good, ALPNProtocols: ['http/1.1'] });
  expect(await answerOf('localhost', port, { tls: { ca: 'ca.pem' } })).toMatchObject({
    status: 200,
    body: 'http/1.1 localhost false false',
  });
});

test('an address is held against the certificate, and not sent as a name', async () => {
  const { port } = await startTlsBackend(good);
  expect((await answerOf('127.0.0.1', port, { tls: { ca: 'ca.pem' } })).body).toBe('false false false false');
  const wrong = await startTlsBackend(other);
  expect(await answerOf('127.0.0.1', wrong.port, { tls: { ca: 'ca.pem' } })).toMatchObject({
    status: 502,
    error: 'backend-tls-failed',
  });
});

test('an unknown authority is refused with 502 and the reason in the log', async () => {
  const { port } = await startTlsBackend(good);
  const { status, error, detail, body } = await answerOf('localhost', port, { tls: true });
  expect([status, error]).toEqual([502, 'backend-tls-failed']);
  expect(detail).toMatch(/unable to (verify|get)/);
  expect(body).not.toContain('unable');
});

test('another name than that of the backend is refused, unless serverName says so', async () => {
  const { port } = await startTlsBackend(other);
  const refused = await answerOf('localhost', port, { tls: { ca: 'ca.pem' } });
  expect(refused.error).toBe('backend-tls-failed');
  expect(refused.detail).toContain('two.test');
  const served = await answerOf('localhost', port, { tls: { ca: 'ca.pem', serverName: 'two.test' } });
  expect(served).toMatchObject({ status: 200, body: expect.stringContaining('two.test') });
});

test('verify: false takes any certificate', async () => {
  const { port } = await startTlsBackend(certificate('stranger'));
  expect((await answerOf('localhost', port, { tls: { verify: false } })).status).toBe(200);
});

test('a client certificate is shown', async () => {
  const { port } = await startTlsBackend({ ...good, ca: authority, requestCert: true });
  const tls = { ca: 'ca.pem', cert: 'proxy.pem', key: 'proxy.key' };
  expect((await answerOf('localhost', port, { tls })).body).toMatch(/true$/);
});

test('minVersion is a bound', async () => {
  const { port } = await startTlsBackend({ ...good, maxVersion: 'TLSv1.2' });
  const tls = { ca: 'ca.pem', minVersion: 'TLSv1.3' };
  expect((await answerOf('localhost', port, { tls })).error).toBe('backend-tls-failed');
});

test('policy says what is spoken, by the names that listeners know', async () => {
  const old = await startTlsBackend({ ...good, maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA256' });
  const outcome = async (port: number, policy: unknown): Promise<string | number> => {
    const tls = { ca: 'ca.pem', ...(policy === null ? {} : { policy }) };
    const { error, status } = await answerOf('localhost', port, { tls });
    return error ?? status;
  };
  expect(await outcome(old.port, null)).toBe(200);
  expect(await outcome(old.port, 'intermediate')).toBe('backend-tls-failed');
  expect(await outcome(old.port, { ciphers: ['ECDHE-ECDSA-AES128-SHA256'] })).toBe(200);
  const { port } = await startTlsBackend({ ...good, ecdhCurve: 'secp384r1' });
  expect(await outcome(port, 'modern')).toBe(200);
  expect(await outcome(port, { groups: ['X25519'] })).toBe('backend-tls-failed');
});

test('the time to connect is for the handshake too', async () => {
  const port = await listenForTest(createServer((socket) => socket.on('error', () => {}).resume()));
  const settings = { tls: { ca: 'ca.pem' }, timeouts: { connect: '100ms' } };
  expect(await answerOf('localhost', port, settings)).toMatchObject({
    status: 504,
    error: 'connect-timeout',
  });
});

test('the next connection resumes the session', async () => {
  const backend = await startTlsBackend(good);
  const proxy = await startProxy({
    upstreams: {
      site: {
        tls: { ca: 'ca.pem' },
        connections: { maxIdle: 0 },
        backends: [{ address: `localhost:${backend.port}` }],
      },
    },
    files,
  });
  const client = await connectRaw(proxy.port);
  expect((await client.request(get('/'))).body).toContain(' false ');
  expect((await client.request(get('/'))).body).toContain(' true ');
  expect(backend.connections).toHaveLength(2);
});

test.each(['h2', 'auto'])('%s: HTTP/2 where the backend chooses it', async (protocol) => {
  const backend = await startHttp2Backend((stream, headers) => {
    stream.respond({ ':status': 200 });
    stream.end(String(headers[':scheme']));
  }, good);
  const proxy = await startProxy({
    upstreams: {
      site: { protocol, tls: { ca: 'ca.pem' }, backends: [{ address: `localhost:${backend.port}` }] },
    },
    files,
  });
  const clients = await Promise.all(Array.from({ length: 10 }, () => connectRaw(proxy.port)));
  const answers = await Promise.all(clients.map((client) => client.request(get('/'))));
  expect(answers.map(({ body }) => body)).toEqual(Array(10).fill('https'));
  expect(backend.sessions).toHaveLength(1);
});

test('auto: HTTP/1.1 where the backend chooses that, each request waiting with its own connection', async () => {
  const backend = await startTlsBackend({ ...good, ALPNProtocols: ['http/1.1'] });
  const proxy = await startProxy({
    upstreams: {
      site: { protocol: 'auto', tls: { ca: 'ca.pem' }, backends: [{ address: `localhost:${backend.port}` }] },
    },
    files,
  });
  const clients = await Promise.all(Array.from({ length: 5 }, () => connectRaw(proxy.port)));
  const answers = await Promise.all(clients.map((client) => client.request(get('/'))));
  expect(answers.map(({ status, body }) => `${status} ${body.split(' ')[0]}`)).toEqual(
    Array(5).fill('200 http/1.1'),
  );
  expect((await clients[0]?.request(get('/')))?.status).toBe(200);
});

test('h2: a backend that does not choose it is refused', async () => {
  const { port } = await startTlsBackend(good);
  const settings = { protocol: 'h2', tls: { ca: 'ca.pem' } };
  const { error, detail } = await answerOf('localhost', port, settings);
  expect(error).toBe('backend-tls-failed');
  expect(detail).toContain('ALPN');
});

// Node does not check the name again when a session is resumed: one that was refused must not be kept.
test.each(['TLSv1.2', 'TLSv1.3'] as const)(
  '%s: a wrong name is refused again and again',
  async (maxVersion) => {
    const backend = await startTlsBackend({ ...other, maxVersion });
    const proxy = await startProxy({
      upstreams: {
        site: {
          tls: { ca: 'ca.pem' },
          retries: { attempts: 1 },
          backends: [{ address: `localhost:${backend.port}` }],
        },
      },
      files,
    });
    const client = await connectRaw(proxy.port);
    for (let i = 0; i < 3; i++) expect((await client.request(get('/'))).status).toBe(502);
  },
);
