import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { configFolder } from '../../support/config-folder.ts';
import { isAlive } from '../../support/is-alive.ts';
import { poll } from '../../support/poll.ts';
import { tidegateCli } from '../../support/run-to-end.ts';

test('an endless loop in a config ends with the process that wanted the config', async () => {
  const folder = await configFolder({
    'c.ts': `
      import { renameSync, writeFileSync } from 'node:fs';
      writeFileSync(new URL('./new', import.meta.url), String(process.pid));
      renameSync(new URL('./new', import.meta.url), new URL('./pid', import.meta.url));
      for (;;);`,
  });
  const check = spawn(process.execPath, [tidegateCli, 'check', '--config', join(folder, 'c.ts')], {
    stdio: 'ignore',
  });
  onTestFinished(() => void check.kill('SIGKILL'));
  const pidFile = join(folder, 'pid');
  await poll(() => existsSync(pidFile));
  const evaluating = Number(readFileSync(pidFile, 'utf8'));
  onTestFinished(() => {
    if (isAlive(evaluating)) process.kill(evaluating, 'SIGKILL');
  });
  expect(isAlive(evaluating)).toBe(true);

  check.kill('SIGKILL');
  await once(check, 'exit');
  await poll(() => !isAlive(evaluating), 5000);
});
