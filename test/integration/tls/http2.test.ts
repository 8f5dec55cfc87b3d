import { connect, type ClientHttp2Session, type SecureClientSessionOptions } from 'node:http2';
import { expect, onTestFinished, test } from 'vitest';
import { authority, authorityFile, certificate } from '../../support/certificates.ts';
import { poll } from '../../support/poll.ts';
import { connectTls } from '../../support/tls-client.ts';
import { ask } from '../http2/setup.ts';
import { loadSandbox } from '../rules/load-sandbox.ts';
import { request, startHttps } from './setup.ts';

/** Node's own HTTP/2 client over TLS. */
function session(port: number, options: SecureClientSessionOptions = {}): ClientHttp2Session {
  const made = connect(`https://127.0.0.1:${port}`, { ca: authority, servername: 'one.test', ...options });
  made.on('error', () => {});
  onTestFinished(() => made.destroy());
  return made;
}

test('rules see the same of a TLS client over HTTP/1.1 and HTTP/2', async () => {
  const { script } = await loadSandbox(
    `export default defineRules({ request: (req) => respond(JSON.stringify([req.scheme, req.tls])) });`,
  );
  const { proxy } = await startHttps({ rules: script });
  const plain = await connectTls(proxy.port);
  plain.send(request);
  const seen: unknown = JSON.parse((await plain.answer()).body);
  expect(seen).toMatchObject(['https', { serverName: 'one.test', protocol: 'TLSv1.3', client: null }]);
  expect(JSON.parse((await ask(session(proxy.port))).body)).toEqual(seen);
});

test('HSTS is in the answers of both, and a backend hears of https', async () => {
  const { proxy, backend } = await startHttps({ listener: { hsts: true } });
  const plain = await connectTls(proxy.port);
  plain.send(request);
  expect((await plain.answer()).header('strict-transport-security')).toBe('max-age=31536000');
  const over2 = await ask(session(proxy.port));
  expect(over2.headers['strict-transport-security']).toBe('max-age=31536000');
  for (const index of [0, 1])
    expect((await backend.request(index)).header('x-forwarded-proto')).toBe('https');
});

test('required client certificates: one that verifies is seen, others come to no request', async () => {
  const clientCertificates = { mode: 'require', ca: authorityFile };
  const { proxy, backend } = await startHttps({
    tls: { clientCertificates },
    listener: { forwarded: { clientCertificate: true } },
  });
  expect((await ask(session(proxy.port, certificate('client')))).status).toBe(200);
  expect((await backend.request(0)).header('x-client-cert-subject')).toBe(
    String.raw`CN=client,O=Tide\, Inc.`,
  );
  for (const options of [{}, certificate('stranger')]) {
    const stream = session(proxy.port, options).request({ ':path': '/' });
    stream.on('error', () => {});
    await new Promise((resolve) => stream.once('close', resolve));
  }
  expect(backend.requests).toHaveLength(1);
  await poll(() => proxy.service.counters.refused === 2);
});

test('a client that offers only protocols that are not spoken is told so', async () => {
  const { proxy } = await startHttps();
  await expect(connectTls(proxy.port, { ALPNProtocols: ['spdy/3'] })).rejects.toMatchObject({
    code: expect.stringContaining('NO_APPLICATION_PROTOCOL'),
  });
  await poll(() => proxy.service.counters.refused === 1);
});
