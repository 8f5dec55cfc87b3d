import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { moduleSource } from '../../../core/config/evaluate.ts';
import { configFolder } from '../../support/config-folder.ts';
import { isAlive } from '../../support/is-alive.ts';

test('a config that never comes to an end is ended, and its imports are watched', async () => {
  const folder = await configFolder({
    'c.ts': "import './loop.ts';",
    'loop.ts': `
      import { writeFileSync } from 'node:fs';
      writeFileSync(new URL('./pid', import.meta.url), String(process.pid));
      for (;;);`,
  });
  const file = join(folder, 'c.ts');
  // Long enough for a busy machine to get as far as the loop
  const source = await moduleSource(file, 3000);
  expect(source).toEqual({
    ok: false,
    problems: [
      { file, path: '', message: 'did not finish within 3 s: an endless loop, or an await that never ends?' },
    ],
    inputs: [file, join(folder, 'loop.ts')],
  });
  const pid = Number(await readFile(join(folder, 'pid'), 'utf8'));
  await expect.poll(() => isAlive(pid)).toBe(false);
});
