import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compilePlugin } from '../../../plugins/compile.ts';
import { loadBundle } from '../../../plugins/load-module.ts';
import { configFolder } from '../../support/config-folder.ts';

const plugin = (create: string): string => `{
  name: 'tested',
  options: { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } },
  create() { return { status: () => ({ said: JSON.stringify(${create}) }) }; },
}`;

/** What a plugin in these files says of itself. */
async function said(files: Readonly<Record<string, string>>, use = './plugin.ts'): Promise<unknown> {
  const folder = await configFolder(files);
  const source = use.startsWith('.')
    ? { kind: 'file' as const, file: join(folder, use) }
    : { kind: 'package' as const, name: use };
  const compiled = await compilePlugin(source, join(folder, 'tidegate.config.yaml'));
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
  const loaded = loadBundle(compiled.bundle);
  if (!loaded.ok) throw new Error(loaded.problem.message);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it asks for nothing of its context
  const hooks = await loaded.module.plugin.create({}, {} as never);
  return JSON.parse(String(hooks.status?.()['said']), (_, value: unknown) =>
    typeof value === 'string' ? value.replaceAll(folder, '') : value,
  );
}

test('a module and what it imports know where they lie', async () => {
  expect(
    await said({
      'plugin.ts': `import { here } from './lib/other.js';\nexport default ${plugin('[here, import.meta.url, import.meta.filename]')};`,
      'lib/other.ts':
        'const __dirname: string = "mine";\nexport const here = [import.meta.dirname, __dirname];',
    }),
  ).toEqual([['/lib', 'mine'], 'file:///plugin.ts', '/plugin.ts']);
});

test('CommonJS, and JSON', async () => {
  expect(
    await said(
      {
        'plugin.cjs': `const data = require('./data.json');\nmodule.exports = ${plugin('[data.a, __dirname, __filename]')};`,
        'data.json': '{ "a": 1 }',
      },
      './plugin.cjs',
    ),
  ).toEqual([1, '', '/plugin.cjs']);
});

test('a package is found from the folder of the config, whichever way it exports', async () => {
  expect(
    await said(
      {
        'node_modules/@scope/greeting/package.json':
          '{ "name": "@scope/greeting", "type": "module", "exports": { "import": "./main.js" } }',
        'node_modules/@scope/greeting/main.js': `export default ${plugin('import.meta.filename')};`,
      },
      '@scope/greeting',
    ),
  ).toBe('/node_modules/@scope/greeting/main.js');
});

test('what Node has, by import() too, and zod without an installation of it', async () => {
  expect(
    await said({
      'plugin.ts': `import { z } from 'zod';\nimport { sep } from 'path';\nconst os = import('node:os');\nexport default ${plugin('[sep, typeof os.then, z.string().parse("x")]')};`,
    }),
  ).toEqual(['/', 'function', 'x']);
});

test('all that it was made of is to be watched, and its id goes with its text', async () => {
  const folder = await configFolder({
    'plugin.ts': `import { a } from './a.ts';\nexport default ${plugin('a')};`,
    'a.ts': 'export const a: number = 1;',
  });
  const source = { kind: 'file', file: join(folder, 'plugin.ts') } as const;
  const compile = async () => {
    const result = await compilePlugin(source, join(folder, 'c.yaml'));
    if (!result.ok) throw new Error('it does not compile');
    return result.bundle;
  };
  const first = await compile();
  expect(first.inputs.toSorted()).toEqual([join(folder, 'a.ts'), join(folder, 'plugin.ts')]);
  await writeFile(join(folder, 'a.ts'), '// a comment\nexport const a: number = 1;');
  expect((await compile()).id).toBe(first.id);
  await writeFile(join(folder, 'a.ts'), 'export const a: number = 2;');
  expect((await compile()).id).not.toBe(first.id);
});

test('what it imports and is not there is told with its place', async () => {
  const folder = await configFolder({ 'plugin.ts': `import './gone/a.ts';\nexport default 1;` });
  const result = await compilePlugin(
    { kind: 'file', file: join(folder, 'plugin.ts') },
    join(folder, 'c.yaml'),
  );
  expect(result.ok ? [] : result.problems).toEqual([
    { file: join(folder, 'plugin.ts'), line: 1, column: 8, message: 'Could not resolve "./gone/a.ts"' },
  ]);
});

test('a stack names the places in the source', async () => {
  const folder = await configFolder({
    'plugin.ts': `interface Long {\n  a: string;\n}\nexport default ${plugin('fail()')};\nfunction fail(): Long { throw new Error('there'); }\n`,
  });
  const result = await compilePlugin(
    { kind: 'file', file: join(folder, 'plugin.ts') },
    join(folder, 'c.yaml'),
  );
  const loaded = result.ok ? loadBundle(result.bundle) : null;
  if (loaded?.ok !== true) throw new Error('it does not load');
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it asks for nothing of its context
  const hooks = await loaded.module.plugin.create({}, {} as never);
  let stack = '';
  try {
    hooks.status?.();
  } catch (error) {
    stack = loaded.module.stackOf(error);
  }
  expect(stack).toContain(`${join(folder, 'plugin.ts')}:9:31`);
});
