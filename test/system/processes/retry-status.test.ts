import { expect, test } from 'vitest';
import { startRawBackend, unusedPort } from '../../support/raw-backend.ts';
import { statusOf } from '../../support/status.ts';
import { runTidegate } from '../../support/tidegate-process.ts';

test('status tells of retries, fallbacks and open circuits, and a reload forgets none of it', async () => {
  const good = await startRawBackend();
  const config = (more: string): string => `
listeners: [{ name: web, address: '127.0.0.1:0', upstream: site }]
upstreams:
  site:
    backends: [{ address: '127.0.0.1:${dead}' }]
    healthCheck: false
    circuitBreaker: { failures: 4, openFor: 10m }
    fallback: other
  other: { backends: [{ address: '127.0.0.1:${good.port}' }] }
workers: 1
${more}`;
  const dead = await unusedPort();
  const tidegate = await runTidegate({ workers: 'real', files: { 'tidegate.config.yaml': config('') } });
  const url = await tidegate.url();
  for (let i = 0; i < 5; i++) expect((await fetch(url)).status).toBe(200);
  const reloaded = tidegate.nextLine('reloaded');
  await tidegate.write('tidegate.config.yaml', config('log: { level: debug }'));
  await reloaded;
  const { upstreams } = await statusOf(tidegate);
  const site = upstreams.find(({ name }) => name === 'site');
  expect(site).toMatchObject({ retries: 2, retriesRefused: 0, hedges: 0, fallbacks: 5 });
  expect(site?.backends[0]).toMatchObject({ health: 'up', circuit: 'open', requests: 4, errors: 4 });
  const { stdout } = await tidegate.command('status');
  expect(stdout).toMatch(/^UPSTREAM +RETRIES +REFUSED BY BUDGET +HEDGES +FALLBACKS\nsite +2 +0 +0 +5$/m);
  expect(stdout).toMatch(/circuit open$/m);
});
