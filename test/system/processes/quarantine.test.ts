import { expect, test } from 'vitest';

import { script, webConfig } from '../../support/configs.ts';
import { askFake } from '../../support/fake-answer.ts';
import { poll } from '../../support/poll.ts';
import { statusOf } from '../../support/status.ts';
import { runTidegate } from '../../support/tidegate-process.ts';
import type { TidegateProcess } from '../../support/tidegate-process.ts';

async function fiveFaults(tidegate: TidegateProcess): Promise<void> {
  const url = await tidegate.url();
  for (let fault = 0; fault < 5; fault++) await askFake(url, '/fault');
  await tidegate.line('a rule script is in quarantine until it is changed');
}

test('after five faults the version before takes over on every worker, and the status says why', async () => {
  const tidegate = await runTidegate({
    files: { 'tidegate.config.yaml': webConfig({ rules: './site.ts' }), 'site.ts': script('good') },
    workers: 'fake',
  });
  const url = await tidegate.url();
  const good = (await askFake(url)).rules;
  await tidegate.write('site.ts', script('bad'));
  await tidegate.line('reloaded');
  expect((await askFake(url)).rules).not.toBe(good);

  const from = tidegate.lines.length;
  await fiveFaults(tidegate);
  await tidegate.line('other rules took over', undefined, from);
  for (let request = 0; request < 8; request++) expect((await askFake(url)).rules).toBe(good);
  const bad = (await statusOf(tidegate)).rules.find(({ quarantined }) => quarantined !== null);
  expect(bad?.quarantined?.reason).toContain('5 faults');
  expect((await tidegate.command('status')).stdout).toContain('5 faults');
});

test('a reload of the same script keeps it in quarantine, a change of it lifts that', async () => {
  const tidegate = await runTidegate({
    files: { 'tidegate.config.yaml': webConfig({ rules: './site.ts' }), 'site.ts': script('bad') },
    workers: 'fake',
  });
  const url = await tidegate.url();
  await fiveFaults(tidegate);
  await tidegate.line('other rules took over');
  tidegate.kill('SIGHUP');
  await tidegate.line('reloaded');
  expect((await askFake(url)).rules).toContain('deny-everything');
  const from = tidegate.lines.length;
  await tidegate.write('site.ts', script('better'));
  await tidegate.line('reloaded', undefined, from);
  expect((await askFake(url)).rules).toContain('site.ts');
  expect((await statusOf(tidegate)).rules.filter(({ quarantined }) => quarantined !== null)).toEqual([]);
});

test("without an earlier version and with onError 'next' the listener goes on without a script", async () => {
  const config = webConfig({ rules: { script: './site.ts', onError: 'next' } });
  const tidegate = await runTidegate({
    files: { 'tidegate.config.yaml': config, 'site.ts': script('bad') },
    workers: 'fake',
  });
  await fiveFaults(tidegate);
  await poll(async () => (await askFake(await tidegate.url())).rules === '');
});
