import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig } from '../../../core/config/load.ts';
import { configFolder } from '../../support/config-folder.ts';

test('what a config imports is loaded anew each time, and watched outside node_modules', async () => {
  const folder = await configFolder({
    'c.ts': `
      import { port } from './lib/port.js';
      import host from './lib/host';
      import data from './data.json' with { type: 'json' };
      import name from 'some-package';
      export default { listeners: [{ name: data.prefix + name, address: \`\${host}:\${port}\` }] };`,
    'lib/port.ts': 'export const port: number = 81;',
    'lib/host.ts': "export default '127.0.0.1' as const;",
    'data.json': '{ "prefix": "x-" }',
    'node_modules/some-package/package.json':
      '{ "name": "some-package", "type": "module", "exports": "./index.js" }',
    'node_modules/some-package/index.js': "export default 'a';",
  });
  const file = join(folder, 'c.ts');
  const before = await loadConfig(file);
  expect(before).toMatchObject({
    ok: true,
    config: { listeners: [{ name: 'x-a', addressText: '127.0.0.1:81' }] },
  });
  expect(before.inputs.toSorted()).toEqual(
    ['c.ts', 'data.json', 'lib/host.ts', 'lib/port.ts'].map((name) => join(folder, name)),
  );

  await writeFile(join(folder, 'lib/port.ts'), 'export const port = 82;');
  expect(await loadConfig(file)).toMatchObject({
    ok: true,
    config: { listeners: [{ addressText: '127.0.0.1:82' }] },
  });
});

test('tidegate is the one that runs, even where another is installed', async () => {
  const folder = await configFolder({
    'c.ts': `
      import { defineConfig } from 'tidegate';
      import 'tidegate/plugins';
      import 'tidegate/rules';
      export default defineConfig({ listeners: [{ name: 'a', address: ':80' }] });`,
    'node_modules/tidegate/package.json': '{ "name": "tidegate", "type": "module", "exports": "./index.js" }',
    'node_modules/tidegate/index.js': "throw new Error('the wrong one');",
  });
  const loaded = await loadConfig(join(folder, 'c.ts'));
  expect(loaded).toMatchObject({ ok: true });
  expect(loaded.inputs).toEqual([join(folder, 'c.ts')]);
});

test('an import that is missing is a problem, and watched', async () => {
  const folder = await configFolder({ 'c.ts': "import './gone.ts';\nexport default {};" });
  const loaded = await loadConfig(join(folder, 'c.ts'));
  expect(loaded).toMatchObject({ ok: false, problems: [{ message: expect.stringContaining('gone.ts') }] });
  expect(loaded.inputs).toContain(join(folder, 'gone.ts'));
});
