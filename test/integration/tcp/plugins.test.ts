import { expect, test } from 'vitest';
import acl from '../../../plugins/builtin/acl/acl.ts';
import rateLimit from '../../../plugins/builtin/rate-limit/rate-limit.ts';
import type { PluginHooks } from '../../../plugins/contract/hooks.ts';
import { hooksOf } from '../../support/builtin-hooks.ts';
import { clientHello } from '../../support/client-hello.ts';
import { chainOf } from '../../support/plugin-chain.ts';
import { connectTcp, startNamed } from '../../support/tcp-peers.ts';
import { startTcp } from '../../support/tcp-path.ts';

/** @returns whether a client from this address, which sends this, gets to the backend */
async function startWith(
  hooks: PluginHooks,
  sni = false,
): Promise<(localAddress: string, sends?: Buffer | string) => Promise<boolean>> {
  const backend = await startNamed('one');
  const proxy = await startTcp({ backendPort: backend.port, listener: { sni }, plugins: chainOf(hooks) });
  return async (localAddress, sends = 'x') => {
    const client = await connectTcp({ port: proxy.port, host: '127.0.0.1', localAddress }, sends);
    const greeting = client.until(() => (client.buffered.startsWith('one\n') ? true : null), 'a greeting');
    return greeting.catch(() => false);
  };
}

test('acl denies connections by address, whatever its answer is', async () => {
  const letsIn = await startWith(await hooksOf(acl, { deny: ['127.0.0.2'] }));
  expect(await letsIn('127.0.0.2')).toBe(false);
  expect(await letsIn('127.0.0.3')).toBe(true);
});

test('acl lets in nobody who is not allowed, and rules about requests let in nobody', async () => {
  const letsIn = await startWith(
    await hooksOf(acl, {
      rules: [
        { decision: 'allow', paths: ['/*'] },
        { decision: 'allow', addresses: ['127.0.0.3'] },
      ],
      default: 'deny',
    }),
  );
  expect(await letsIn('127.0.0.2')).toBe(false);
  expect(await letsIn('127.0.0.3')).toBe(true);
});

test('acl goes by server names with `sni`, and what is no TLS has none', async () => {
  const letsIn = await startWith(
    await hooksOf(acl, { rules: [{ decision: 'allow', serverNames: ['one.test'] }], default: 'deny' }),
    true,
  );
  expect(await letsIn('127.0.0.1', await clientHello())).toBe(true);
  expect(await letsIn('127.0.0.1', await clientHello({ servername: 'two.test' }))).toBe(false);
  expect(await letsIn('127.0.0.1', 'no TLS')).toBe(false);
});

test('rate-limit counts the connections of each client', async () => {
  const letsIn = await startWith(await hooksOf(rateLimit, { limits: [{ requests: 2, per: '1h' }] }));
  const results = [await letsIn('127.0.0.2'), await letsIn('127.0.0.2'), await letsIn('127.0.0.2')];
  expect(results).toEqual([true, true, false]);
  expect(await letsIn('127.0.0.3')).toBe(true);
});
