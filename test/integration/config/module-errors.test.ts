import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig } from '../../../core/config/load.ts';
import type { ConfigProblem } from '../../../core/config/load.ts';
import { configFolder } from '../../support/config-folder.ts';

test.each<[string, string, Partial<ConfigProblem>]>([
  [
    'a syntax error in TypeScript',
    'c.ts',
    { message: 'SyntaxError: Expected identifier but found ","', line: 2, column: 10 },
  ],
  [
    'a syntax error in JavaScript',
    'c.mjs',
    { message: 'SyntaxError: Expected identifier but found ","', line: 2, column: 10 },
  ],
])('%s has its place', async (_, name, problem) => {
  const folder = await configFolder({ [name]: 'export default {\n  a: [1],,\n};\n' });
  const file = join(folder, name);
  expect(await loadConfig(file)).toEqual({
    ok: false,
    problems: [{ file, path: '', ...problem }],
    inputs: [file],
  });
});

test('what a config throws has its place, in the file that throws', async () => {
  const folder = await configFolder({
    'c.ts': "import { make } from './make.ts';\nexport default make();\n",
    'make.ts': `
interface Unused {
  readonly a: string;
}

export function make(): Unused {
  throw new RangeError('no luck');
}
`,
  });
  expect(await loadConfig(join(folder, 'c.ts'))).toMatchObject({
    ok: false,
    problems: [
      { file: join(folder, 'make.ts'), path: '', message: 'RangeError: no luck', line: 7, column: 9 },
    ],
  });
});

test.each<[string, string, Partial<ConfigProblem>]>([
  ['a thrown text', "throw 'no luck';", { path: '', message: 'threw no luck' }],
  [
    'no default export',
    'export const config = {};',
    { path: '', message: 'expected `export default defineConfig({ ... })`, found no default export' },
  ],
  [
    'a function',
    'export default { listeners: [{ name: () => 1 }] };',
    { path: 'listeners[0].name', message: 'expected plain data, found a function' },
  ],
  [
    'a process that exits',
    'process.exit(0);',
    { path: '', message: 'ended its process (exit status 0) instead of exporting a config' },
  ],
  [
    'a process that is killed',
    "process.kill(process.pid, 'SIGKILL');",
    { path: '', message: 'was ended by SIGKILL while it was evaluated' },
  ],
  [
    'an await of nothing',
    'await new Promise(() => {}); export default {};',
    { path: '', message: 'awaits something that never happens' },
  ],
])('%s is told', async (_, text, problem) => {
  const folder = await configFolder({ 'c.ts': text });
  expect(await loadConfig(join(folder, 'c.ts'))).toMatchObject({ ok: false, problems: [problem] });
});

test('a timer that still runs does not hold up a config', async () => {
  const folder = await configFolder({
    'c.ts': "setInterval(() => {}, 1000); export default { listeners: [{ name: 'a', address: ':80' }] };",
  });
  expect(await loadConfig(join(folder, 'c.ts'))).toMatchObject({ ok: true });
});
