import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import staticFiles from '../../../../plugins/builtin/static/static.ts';
import { testPlugin, type TestedPlugin } from '../../../../plugins/testing.ts';

/** Makes a folder with these files; gone when the test has finished. */
export function folderWith(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-static-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

/** Serves `public` of a folder with these files. */
export function serving(
  files: Readonly<Record<string, string | Uint8Array>>,
  options: Readonly<Record<string, unknown>> = {},
): Promise<TestedPlugin> {
  return testPlugin(staticFiles, { root: 'public', ...options }, { folder: folderWith(files) });
}
