import { expect, test } from 'vitest';
import { startDnsServer } from '../../support/dns-server.ts';
import { answering, startNamedBackend } from '../../support/named-backends.ts';
import { runTidegate } from '../../support/tidegate-process.ts';
import { change, plain, siteConfig } from './setup.ts';

test('a host name that a command adds is resolved, and a reload keeps it', async () => {
  const [inFile, byName] = [await startNamedBackend(), await startNamedBackend()];
  const dns = await startDnsServer({ 'new.internal': { a: ['127.0.0.1'], ttl: 300 } });
  const tidegate = await runTidegate({
    files: { 'tidegate.config.yaml': siteConfig([plain(inFile.address)]) },
    workers: 'real',
    dnsPort: dns.port,
  });
  const running = { tidegate, url: await tidegate.url(), backends: [] };
  const backend = `new.internal:${byName.address.split(':')[1] ?? ''}`;
  await change(running, { action: 'add', upstream: 'site', backend });
  expect(await answering(running.url)).toEqual(new Set([inFile.address, byName.address]));

  const reloaded = tidegate.nextLine('reloaded');
  tidegate.kill('SIGHUP');
  await reloaded;
  expect(await answering(running.url)).toEqual(new Set([inFile.address, byName.address]));

  await change(running, { action: 'remove', upstream: 'site', backend });
  expect(await answering(running.url)).toEqual(new Set([inFile.address]));
});
