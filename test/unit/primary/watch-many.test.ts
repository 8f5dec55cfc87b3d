import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { InputWatcher } from '../../../core/primary/watch.ts';
import { poll } from '../../support/poll.ts';

test('of files that change all at once none is missed, also when they begin to be watched anew meanwhile', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-watch-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const files = Array.from({ length: 350 }, (_, index) => join(folder, `${index}.pem`));
  const writeAll = (text: string): Promise<unknown> =>
    Promise.all(files.map((file) => writeFile(file, text)));
  await writeAll('before');
  const changed = new Set<string>();
  const watcher = new InputWatcher(
    (some) => some.forEach((file) => changed.add(file)),
    (error) => {
      throw error;
    },
  );
  onTestFinished(() => watcher.close());
  watcher.watch(files, 'these');
  await writeAll('after');
  const again = setInterval(() => watcher.watch(files, 'these'), 7);
  setTimeout(() => clearInterval(again), 300);
  await poll(() => changed.size === files.length);
  expect([...changed].toSorted()).toEqual(files.toSorted());
});
