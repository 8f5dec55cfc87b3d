import { expect, test } from 'vitest';
import { answering } from '../../support/named-backends.ts';
import { change, runWithBackends } from '../../integration/backends/setup.ts';

test('the next group is used while fewer than `minAvailable` are left, and the backups after all', async () => {
  const running = await runWithBackends([
    (address) => `{ address: '${address}' }`,
    (address) => `{ address: '${address}', priority: 1 }`,
    (address) => `{ address: '${address}', backup: true }`,
  ]);
  const { url, backends } = running;
  const [a = '', b = '', c = ''] = backends.map(({ address }) => address);
  const run = (action: 'maintenance' | 'remove' | 'ready', backend: string) =>
    change(running, { action, upstream: 'site', backend });
  expect(await answering(url)).toEqual(new Set([a]));
  await run('maintenance', a);
  expect(await answering(url)).toEqual(new Set([b]));
  await run('remove', b);
  expect(await answering(url)).toEqual(new Set([c]));
  await run('ready', a);
  expect(await answering(url)).toEqual(new Set([a]));
});

test('a backup takes over for its primary, with its share, and gives it back', async () => {
  const rows: ((address: string) => string)[] = [];
  let primary = '';
  rows.push((address) => {
    primary = address;
    return `{ address: '${address}', weight: 50 }`;
  });
  rows.push((address) => `{ address: '${address}', backupFor: '${primary}' }`);
  rows.push((address) => `{ address: '${address}', weight: 50 }`);
  const running = await runWithBackends(rows);
  const { url, backends } = running;
  const [a = '', backup = '', other = ''] = backends.map(({ address }) => address);
  expect(await answering(url)).toEqual(new Set([a, other]));
  await change(running, { action: 'maintenance', upstream: 'site', backend: a });
  const before = backends[1]?.requests() ?? 0;
  expect(await answering(url, 40)).toEqual(new Set([backup, other]));
  expect((backends[1]?.requests() ?? 0) - before).toBeGreaterThanOrEqual(15);
  await change(running, { action: 'reset', upstream: 'site', backend: a });
  expect(await answering(url)).toEqual(new Set([a, other]));
  await change(running, { action: 'remove', upstream: 'site', backend: a });
  expect(await answering(url)).toEqual(new Set([backup, other]));
});
