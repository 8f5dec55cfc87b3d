import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { connectTls, type TlsClient } from '../../support/tls-client.ts';
import { request, startHttps } from './setup.ts';

test.each(['TLSv1.2', 'TLSv1.3'] as const)(
  'a rotation ends no session; the next one ends those whose clients did not come back in between (%s)',
  async (maxVersion) => {
    const { proxy } = await startHttps();
    const source = proxy.certificates;
    if (source === null) throw new Error('no source');
    let session: Buffer | undefined;
    const connect = async (known?: Buffer): Promise<TlsClient> => {
      const client = await connectTls(proxy.port, {
        maxVersion,
        ...(known === undefined ? {} : { session: known }),
      });
      client.tls.on('session', (ticket: Buffer) => (session = ticket));
      if (maxVersion === 'TLSv1.2') session = client.tls.getSession();
      client.send(request);
      // TLS 1.3 sends tickets before the answer.
      expect((await client.answer()).status).toBe(200);
      return client;
    };
    const rotate = (): void => {
      source.keys = { newest: randomBytes(48), before: source.keys.newest };
    };
    await connect();
    const first = session;
    expect((await connect(first)).tls.isSessionReused()).toBe(true);
    rotate();
    expect((await connect(first)).tls.isSessionReused()).toBe(true);
    const renewed = session;
    rotate();
    // Resuming has brought a ticket of the newer key.
    expect((await connect(renewed)).tls.isSessionReused()).toBe(true);
    expect((await connect(first)).tls.isSessionReused()).toBe(false);
    await proxy.front?.renew();
    expect((await connect(session)).tls.isSessionReused()).toBe(true);
  },
);
