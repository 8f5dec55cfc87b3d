import { expect, test } from 'vitest';
import acl from '../../../plugins/builtin/acl/acl.ts';
import { hooksOf } from '../../support/builtin-hooks.ts';
import { certificateFiles } from '../../support/certificates.ts';
import { chainOf, instanceOf } from '../../support/plugin-chain.ts';
import { startRawBackend } from '../../support/raw-backend.ts';
import { get } from '../../support/raw-client.ts';
import { connectTls, refusal } from '../../support/tls-client.ts';
import { startProxy } from '../http1/setup.ts';

const anyName = { rejectUnauthorized: false };

async function start(options: object) {
  const backend = await startRawBackend();
  const plugin = instanceOf(await hooksOf(acl, options));
  const proxy = await startProxy({
    backendPort: backend.port,
    listener: { protocol: 'https', tls: { certificates: [certificateFiles('one')] } },
    plugins: chainOf(plugin),
  });
  const statusFor = async (servername: string, ...lines: readonly string[]): Promise<number> =>
    (await (await connectTls(proxy.port, { servername, ...anyName })).request(get('/', ...lines))).status;
  return { proxy, plugin, statusFor };
}

const dropTwo = { decision: 'deny', serverNames: ['two.test', '*.two.test'], answer: 'drop' };

test('a handshake for a name that is denied is refused before a certificate is shown, others go on', async () => {
  const { proxy, plugin, statusFor } = await start({ rules: [dropTwo], default: 'allow' });
  for (const servername of ['two.test', 'TWO.test', 'a.two.test'])
    expect(await refusal(proxy.port, { servername, ...anyName })).toBe('ERR_SSL_TLSV1_ALERT_ACCESS_DENIED');
  expect([await statusFor('one.test'), await statusFor('xtwo.test')]).toEqual([200, 200]);
  expect(plugin.hooks.status?.()).toMatchObject({ dropped: 3, allowed: 2 });
  expect([plugin.calls.tls, plugin.faults]).toEqual([5, []]);
});

test('only those names are let in that are allowed: a handshake without one is not', async () => {
  const { proxy, statusFor } = await start({
    rules: [{ decision: 'allow', serverNames: ['one.test'] }],
    default: 'deny',
    answer: 'drop',
  });
  expect(await statusFor('one.test')).toBe(200);
  for (const servername of ['two.test', ''])
    expect(await refusal(proxy.port, { servername, ...anyName })).toBe('ERR_SSL_TLSV1_ALERT_ACCESS_DENIED');
});

test('what only a request tells is waited for', async () => {
  const { proxy, plugin } = await start({
    rules: [
      { decision: 'allow', paths: ['/healthz'] },
      { decision: 'deny', addresses: ['127.0.0.0/8'], answer: 'drop' },
    ],
    default: 'allow',
  });
  const client = await connectTls(proxy.port);
  expect((await client.request(get('/healthz'))).status).toBe(200);
  await expect(client.request(get('/'))).rejects.toThrow();
  expect(plugin.hooks.status?.()).toMatchObject({ dropped: 0, denied: 1, allowed: 1 });
});

test('a dry run lets handshakes through, and counts them', async () => {
  const { plugin, statusFor } = await start({ rules: [dropTwo], default: 'allow', dryRun: true });
  expect(await statusFor('two.test')).toBe(200);
  expect(plugin.hooks.status?.()).toMatchObject({ dropped: 1, denied: 1 });
});
