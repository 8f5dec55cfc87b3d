import { linkSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { prepareLogFiles } from '../../../core/primary/log-files.ts';

const root = process.getuid?.() === 0;
const nobody = { uid: 65_534, gid: 65_534 };

test.skipIf(!root).each([
  ['symbolic', symlinkSync],
  ['hard', linkSync],
])("a %s link to a file of root's does not give that file away", (_kind, link) => {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-logs-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const secret = join(folder, 'secret');
  const file = join(folder, 'access.log');
  writeFileSync(secret, '');
  link(secret, file);
  const problems = prepareLogFiles({ level: 'info', file: null, access: { format: 'json', file } }, nobody);
  expect(problems).toEqual([expect.stringContaining(`cannot prepare the log file ${file}: `)]);
  expect(statSync(secret).uid).toBe(0);
});
