import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
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

/** How many files below this folder are open in this process. */
export function openFiles(folder: string): number {
  const fds = `/proc/${process.pid}/fd`;
  return readdirSync(fds).filter((fd) => targetOf(join(fds, fd)).startsWith(folder)).length;
}

function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    // Closed since it was listed.
    return '';
  }
}
