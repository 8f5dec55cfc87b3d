import { stat } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { webConfig } from '../../support/configs.ts';
import { askFake } from '../../support/fake-answer.ts';
import { runTidegate } from '../../support/tidegate-process.ts';

const root = process.getuid?.() === 0;

test.skipIf(!root)("workers run as `user`, without root's groups; the primary stays root", async () => {
  const tidegate = await runTidegate({
    files: { 'tidegate.config.yaml': webConfig({ more: 'user: nobody' }) },
    workers: 'fake',
  });
  const { pid, uid, gid, groups } = await askFake(await tidegate.url());
  expect(uid).toBeGreaterThan(0);
  expect(gid).toBeGreaterThan(0);
  expect(groups).toEqual([gid]);
  expect((await stat(`/proc/${tidegate.pid}`)).uid).toBe(0);
  expect((await stat(`/proc/${pid}`)).uid).toBe(uid);
});

test.skipIf(!root)('they can serve a port below 1024, and the log files are theirs', async () => {
  const more = 'user: nobody\nlog: { access: { format: json, file: ./logs/access.log } }';
  // An address of this machine's own that nothing else listens on.
  const config = webConfig({ more }).replace('127.0.0.1:0', '127.83.7.9:81');
  const tidegate = await runTidegate({ files: { 'tidegate.config.yaml': config }, workers: 'fake' });
  const { uid } = await askFake('http://127.83.7.9:81');
  expect((await stat(join(tidegate.folder, 'logs/access.log'))).uid).toBe(uid);
});
