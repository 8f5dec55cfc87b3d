import { CommanderError } from 'commander';
import { expect, test } from 'vitest';
import { fetchBackendAudit } from '../../../core/admin/client.ts';
import { register } from '../../../core/cli/backends.ts';
import { answering } from '../../support/named-backends.ts';
import { runHere } from '../cli/run-cli.ts';
import { change, plain, runWithBackends } from './setup.ts';

test('the requests of all workers are compared with what the weights should give', async () => {
  const running = await runWithBackends([(address) => `{ address: '${address}', weight: 3 }`, plain]);
  const { tidegate, url, backends } = running;
  await answering(url, 80);
  const audit = await fetchBackendAudit(tidegate.configFile, 'site', 60_000);
  expect(audit).toMatchObject({ upstream: 'site', scheduler: 'weighted-round-robin', verdict: 'even' });
  expect(audit.rows.reduce((sum, { requests }) => sum + requests, 0)).toBe(80);
  expect(audit.rows.map(({ expected }) => expected)).toEqual([60, 20]);

  await change(running, { action: 'drain', upstream: 'site', backend: backends[1]?.address ?? '' });
  await answering(url, 20);
  const run = (...args: string[]) => runHere(tidegate.folder, register, 'backends', 'audit', ...args);
  const { status, stdout } = await run('site', '--window', '5m');
  expect(status).toBe(0);
  expect(stdout).toMatch(/^BACKEND +REQUESTS +EXPECTED +OFF BY +STICKY +OTHER +NOTES$/m);
  expect(stdout).toContain(`uneven: likely because of ${backends[1]?.address}: drain`);

  await expect(run('sit')).rejects.toThrow('did you mean `site`?');
  for (const window of ['30s', '2h'])
    await expect(run('site', '--window', window)).rejects.toThrow(CommanderError);
});
