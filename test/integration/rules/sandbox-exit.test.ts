import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { compileText } from './load-sandbox.ts';

// isolated-vm's threads must not hold back a worker that crashes, or nobody would replace it.
test.each([
  ['process.exit', 'exit', 3],
  ['an uncaught exception', 'throw', 1],
])('a process with a sandbox ends at %s', async (_name, how, status) => {
  const { bundle, file } = await compileText('export default defineRules({ request() { return next(); } });');
  const bundleFile = path.join(path.dirname(file), 'bundle.json');
  await writeFile(bundleFile, JSON.stringify(bundle));
  const script = fileURLToPath(new URL('./exiting-child.ts', import.meta.url));
  const child = spawn(process.execPath, ['--no-node-snapshot', script, bundleFile, how], { stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child, 'exit');
  expect(child.exitCode).toBe(status);
});
