import { chmod, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { runToEnd } from '../../support/run-to-end.ts';

const writer = fileURLToPath(new URL('../../support/storage-writer.ts', import.meta.url));

test.each(['000', '022', '777'])(
  'a umask of %s neither opens the storage to others nor shuts it for its owner',
  async (umask) => {
    const above = await mkdtemp(join(tmpdir(), 'tidegate-umask-'));
    onTestFinished(() => rm(above, { recursive: true, force: true }));
    await chmod(above, 0o777);
    const folder = join(above, 'deep', 'certificates');
    const ended = await runToEnd(process.execPath, [writer, folder, umask]);
    expect(ended).toEqual({ status: 0, stdout: '', stderr: '' });
    const found = await readdir(join(above, 'deep'), { recursive: true, withFileTypes: true });
    const modes = await Promise.all(
      found.map(async (entry) => {
        const { mode } = await stat(join(entry.parentPath, entry.name));
        return `${entry.isDirectory() ? 'folder' : 'file'} ${(mode & 0o777).toString(8)}`;
      }),
    );
    expect(new Set(modes)).toEqual(new Set(['folder 700', 'file 600']));
    expect(modes.length).toBeGreaterThan(8);
    expect(((await stat(join(above, 'deep'))).mode & 0o777).toString(8)).toBe('700');
  },
);
