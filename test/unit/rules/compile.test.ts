import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { compileRules, type CompileResult } from '../../../rules/compile.ts';

async function folderOf(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tidegate-compile-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), text);
  }
  return folder;
}

const compile = (folder: string, timeLimitMs = 10): Promise<CompileResult> =>
  compileRules({
    script: path.join(folder, 'rules.ts'),
    timeLimitMs,
    memoryLimitBytes: 2 ** 25,
    onError: 'deny',
    shadow: null,
  });

const valid = `import { defineRules, deny } from 'tidegate/rules'; export default defineRules({ request: () => deny() });`;

test('the id covers code and settings', async () => {
  const folder = await folderOf({ 'rules.ts': valid });
  const ids = [await compile(folder), await compile(folder), await compile(folder, 20)].map(
    (result) => result.ok && result.bundle.id,
  );
  expect(ids[0]).toMatch(/^[0-9a-f]{64}$/);
  expect(ids[1]).toBe(ids[0]);
  expect(ids[2]).not.toBe(ids[0]);
  await writeFile(path.join(folder, 'rules.ts'), valid.replace('deny()', 'deny(404)'));
  const changed = await compile(folder);
  expect(changed.ok && changed.bundle.id).not.toBe(ids[0]);
});

test('other files and packages of pure JavaScript are bundled, and are inputs', async () => {
  const folder = await folderOf({
    'rules.ts': `import { code } from './code.ts'; import pure from 'pure'; import events from 'events'; import { defineRules, deny } from 'tidegate/rules'; export default defineRules({ request: () => deny(code + pure + events) });`,
    'code.ts': 'export const code: number = 400;',
    'node_modules/pure/package.json': '{"name":"pure","main":"index.js"}',
    'node_modules/pure/index.js': 'module.exports = 3;',
    'node_modules/events/package.json': '{"name":"events","main":"index.js"}',
    'node_modules/events/index.js': 'module.exports = 1;',
  });
  const result = await compile(folder);
  expect(result.ok && [...result.bundle.inputs].sort()).toEqual(
    ['code.ts', 'node_modules/events/index.js', 'node_modules/pure/index.js', 'rules.ts'].map((name) =>
      path.join(folder, name),
    ),
  );
});

test.each([
  [
    'a built-in module of Node',
    `import fs from 'node:fs'; export default fs;`,
    1,
    16,
    '"node:fs" is a part of Node',
  ],
  [
    'one without the prefix',
    `\nimport { x } from "fs/promises"; export default x;`,
    2,
    19,
    '"fs/promises" is a part of Node',
  ],
  [
    'a missing file',
    `import { x } from './missing.ts'; export default x;`,
    1,
    19,
    'Could not resolve "./missing.ts"',
  ],
  [
    'a missing package',
    `import { x } from 'missing'; export default x;`,
    1,
    19,
    'Could not resolve "missing"',
  ],
  ['a syntax error', `const a = ;`, 1, 11, 'Unexpected ";"'],
  [
    'another entry point of Tidegate',
    `import { x } from 'tidegate/plugins'; export default x;`,
    1,
    19,
    'a rule script can import "tidegate/rules" only',
  ],
  ['no default export', 'export const a = 1;', 0, 0, 'the script has no default export'],
])('%s is a problem with its place', async (_name, text, line, column, message) => {
  const folder = await folderOf({ 'rules.ts': text });
  const file = path.join(folder, 'rules.ts');
  const result = await compile(folder);
  expect(result).toMatchObject({
    ok: false,
    problems: [{ file, line, column, message: expect.stringContaining(message) }],
  });
  expect(!result.ok && result.inputs).toEqual([file]);
});

test('a script that does not exist is a problem', async () => {
  const folder = await folderOf({});
  const result = await compile(folder);
  expect(result).toMatchObject({
    ok: false,
    problems: [{ message: expect.stringContaining('Could not resolve') }],
  });
});

test('a problem in an imported file names that file, which stays watched', async () => {
  const folder = await folderOf({
    'rules.ts': `import { x } from './x.ts'; ${valid} export { x };`,
    'x.ts': '\n\nexport const x = ;',
  });
  const result = await compile(folder);
  expect(result).toMatchObject({
    ok: false,
    problems: [{ file: path.join(folder, 'x.ts'), line: 3, column: 18 }],
  });
  expect(!result.ok && result.inputs).toContain(path.join(folder, 'x.ts'));
});
