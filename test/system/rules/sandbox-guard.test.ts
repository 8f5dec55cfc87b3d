import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { compileText } from '../../integration/rules/load-sandbox.ts';

interface End {
  readonly ruleId: string;
  readonly signal: string | null;
  readonly lastWords: string;
  readonly tookMs: number;
}

/** Runs the script in a process that has, as a worker has, file descriptor 4 to its parent. */
async function endOf(script: string, trace: 'trace' | 'no-trace'): Promise<End> {
  const { bundle, file } = await compileText(script);
  const bundleFile = path.join(path.dirname(file), 'bundle.json');
  await writeFile(bundleFile, JSON.stringify(bundle));
  const startedAt = performance.now();
  const child = fork(new URL('./guarded-child.ts', import.meta.url), [bundleFile, trace], {
    execArgv: ['--no-node-snapshot'],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const words = child.stdio[4];
  if (!(words instanceof Readable)) throw new Error('the child has no file descriptor 4');
  const said = text(words);
  await once(child, 'exit');
  return {
    ruleId: bundle.id,
    signal: child.signalCode,
    lastWords: await said,
    tookMs: performance.now() - startedAt,
  };
}

test('a built-in that ignores every interrupt ends its process, with last words', async () => {
  const end = await endOf(
    'export default defineRules({ request() { new Array(1e9).fill(0); } });',
    'no-trace',
  );
  expect(end.signal).toBe('SIGKILL');
  expect(JSON.parse(end.lastWords)).toEqual({ ruleId: end.ruleId });
  expect(end.tookMs).toBeLessThan(30_000);
});

test('so does one in the top level', async () => {
  const end = await endOf('new Array(1e9).fill(0); export default defineRules({});', 'no-trace');
  expect(end.signal).toBe('SIGKILL');
  expect(JSON.parse(end.lastWords)).toEqual({ ruleId: end.ruleId });
});

test('a death without warning is announced by the call before it, when calls are traced', async () => {
  const end = await endOf(
    `export default defineRules({ request() { 'x'.repeat(2 ** 29 - 30).split(''); } });`,
    'trace',
  );
  expect(end.signal).not.toBeNull();
  expect(JSON.parse(end.lastWords.split('\n')[0] ?? '')).toEqual({ ruleId: end.ruleId });
});

test('traced calls are announced even when all is well', async () => {
  const end = await endOf('export default defineRules({ request() {} });', 'trace');
  expect(end.signal).toBeNull();
  expect(JSON.parse(end.lastWords)).toEqual({ ruleId: end.ruleId });
});

test('a script that behaves leaves no last words', async () => {
  const end = await endOf('export default defineRules({ request() {} });', 'no-trace');
  expect(end).toMatchObject({ signal: null, lastWords: '' });
});
