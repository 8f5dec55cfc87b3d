import { once } from 'node:events';
import { expect, onTestFinished, test, vi } from 'vitest';
import { authorityFile, certificate } from '../../support/certificates.ts';
import { connectTls, refusal } from '../../support/tls-client.ts';
import { request, startHttps } from './setup.ts';

test.each(['require', 'optional'] as const)(
  'a session outlives no certificate that it began with (%s)',
  async (mode) => {
    const { proxy } = await startHttps({ tls: { clientCertificates: { mode, ca: authorityFile } } });
    const client = await connectTls(proxy.port, certificate('client'));
    client.send(request);
    const [session]: Buffer[] = await once(client.tls, 'session');
    if (session === undefined) throw new Error('no session');
    expect((await client.answer()).status).toBe(200);
    const resumed = await connectTls(proxy.port, { session });
    resumed.send(request);
    expect((await resumed.answer()).status).toBe(200);
    expect(resumed.tls.isSessionReused()).toBe(true);
    const { notAfter = 0 } = { notAfter: client.tls.getX509Certificate()?.validToDate.getTime() };
    vi.useFakeTimers({ toFake: ['Date'], now: notAfter + 1000 });
    onTestFinished(() => void vi.useRealTimers());
    expect(await refusal(proxy.port, { session })).not.toContain('200 OK');
    expect(proxy.service.counters.refused).toBe(1);
  },
);
