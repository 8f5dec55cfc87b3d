import { expect, test } from 'vitest';
import { connectTls } from '../../support/tls-client.ts';
import { request, startHttps } from './setup.ts';

test('renegotiation (TLS 1.2) is refused, without another handshake', async () => {
  const { proxy, backend } = await startHttps();
  const client = await connectTls(proxy.port, { maxVersion: 'TLSv1.2' });
  client.send(request);
  expect((await client.answer()).status).toBe(200);
  const refused = new Promise<Error>((resolve) => client.tls.once('error', resolve));
  client.tls.renegotiate({}, () => {});
  expect(await refused).toMatchObject({ code: 'ERR_SSL_NO_RENEGOTIATION' });
  expect(backend.requests).toHaveLength(1);
  const other = await connectTls(proxy.port);
  other.send(request);
  expect((await other.answer()).status).toBe(200);
});
