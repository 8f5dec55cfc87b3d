import { expect, test } from 'vitest';
import { certificateFiles } from '../../support/certificates.ts';
import { connectTls } from '../../support/tls-client.ts';
import { startHttps } from '../../integration/tls/setup.ts';

const files = certificateFiles('one');

test(
  'of ten thousand certificates, a worker asks for those that clients ask for',
  { timeout: 60_000 },
  async () => {
    const certificates = Array.from({ length: 10_000 }, (_, index) => ({
      ...files,
      names: [`site-${index}.test`],
    }));
    const { proxy } = await startHttps({ tls: { certificates } });
    const ask = (servername: string): ReturnType<typeof connectTls> =>
      connectTls(proxy.port, { servername, checkServerIdentity: () => undefined });
    await Promise.all([ask('site-9999.test'), ask('site-9999.test'), ask('SITE-9999.test')]);
    await ask('site-9999.test');
    // The first one is the default, for clients that name none.
    expect(proxy.certificates?.asked).toEqual(['', 'site-9999.test']);
    expect(proxy.front?.contexts.size).toBe(1);
  },
);

test('what is kept ready is bounded, and names without end push nothing out', async () => {
  const { proxy } = await startHttps({ certificates: ['one', 'two', 'wild'], tls: { cache: 2 } });
  const ask = (servername: string): ReturnType<typeof connectTls> =>
    connectTls(proxy.port, { servername, checkServerIdentity: () => undefined });
  for (const name of ['a', 'b', 'c', 'd']) await ask(`${name}.wild.test`);
  expect(proxy.front?.contexts.size).toBe(1);
  for (const name of ['one.test', 'two.test', 'a.wild.test']) await ask(name);
  expect(proxy.front?.contexts.size).toBe(2);
  expect((await ask('one.test')).certificateName).toBe('one.test');
});
