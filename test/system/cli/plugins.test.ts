import { mkdir, readdir, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import type { Step } from '../../../core/cli/explain/explanation.ts';
import { projectFolder, runCli } from '../../integration/cli/run-cli.ts';

const plugin = (create: string): string => `import { definePlugin } from 'tidegate/plugins';
import { z } from 'zod';
export default definePlugin({
  name: 'greeting',
  options: z.object({ text: z.string() }),
  create(options) { ${create} },
});
`;

function config(plugins: readonly unknown[]): string {
  return JSON.stringify({
    listeners: [
      {
        name: 'web',
        address: '127.0.0.1:8080',
        plugins,
        routes: [{ path: '/a', upstream: 'site', plugins: ['hello-world'] }],
        upstream: 'site',
      },
    ],
    upstreams: { site: { backends: [{ address: '127.0.0.1:9001' }], plugins: ['hello-world'] } },
  });
}

test('plugins new writes a plugin that passes check, with a test that passes', async () => {
  await using project = await projectFolder({
    'package.json': '{ "type": "module" }',
    'tidegate.config.json': config([{ use: './plugins/my-plugin.ts', options: { text: 'hi' } }]),
  });
  const vitest = dirname(createRequire(import.meta.url).resolve('vitest/package.json'));
  await mkdir(join(project.path, 'node_modules'));
  await symlink(vitest, join(project.path, 'node_modules/vitest'));
  const written = await runCli(project.path, 'plugins', 'new', 'my-plugin');
  expect(written).toMatchObject({ status: 0, stderr: '' });
  expect(await readdir(join(project.path, 'plugins'))).toEqual(['my-plugin.test.ts', 'my-plugin.ts']);

  const tested = await runCli(project.path, 'test');
  expect(tested.stdout).toContain('3 passed');
  expect(tested.status).toBe(0);

  expect(await runCli(project.path, 'check')).toMatchObject({ status: 0, stderr: '' });

  const again = await runCli(project.path, 'plugins', 'new', 'my-plugin');
  expect(again).toMatchObject({
    status: 1,
    stderr: 'tidegate plugins: plugins/my-plugin.ts exists already\n',
  });
}, 60_000);

test('plugins new wants a name that plugins may have', async () => {
  await using project = await projectFolder({});
  const { status, stderr } = await runCli(project.path, 'plugins', 'new', '../My Plugin');
  expect(status).toBe(2);
  expect(stderr).toContain('expected lower-case letters, digits and dashes');
});

test('check type-checks plugins, and has their options judged without making an instance', async () => {
  await using project = await projectFolder({
    'tidegate.config.json': config([
      { use: './typed.ts', options: { text: 'x' } },
      { use: './judge.ts', options: { text: 5 } },
    ]),
    'typed.ts': plugin('return { request() { const n: number = options.text; return void n; } };'),
    'judge.ts': plugin("console.error('an instance'); return {};"),
  });
  const { status, stderr } = await runCli(project.path, 'check');
  expect(stderr).toMatch(/^typed\.ts:6:\d+: TS2322: Type 'string' is not assignable to type 'number'/m);
  expect(stderr).toMatch(/^tidegate\.config\.json listeners\[0\]\.plugins\[1\]\.options\.text: .*string/m);
  expect(stderr).not.toContain('an instance');
  expect(status).toBe(1);
});

test('check names what does not load', async () => {
  await using project = await projectFolder({
    'tidegate.config.json': config(['./throws.js', './number.ts']),
    'throws.js': `throw new Error('at once');\nexport default {};\n`,
    'number.ts': 'export default 5;\n',
  });
  const { status, stderr } = await runCli(project.path, 'check');
  expect(stderr).toMatch(/^throws\.js:1:7: the plugin cannot be loaded: Error: at once/m);
  expect(stderr).toMatch(/^number\.ts: expected `export default definePlugin/m);
  expect(status).toBe(1);
});

test('explain names the plugins that a request would pass', async () => {
  await using project = await projectFolder({
    'tidegate.config.json': config(['./judge.ts']),
    'judge.ts': plugin('return {};'),
  });
  const { stdout } = await runCli(project.path, 'explain', 'GET', 'http://127.0.0.1:8080/a', '--json');
  const { steps }: { readonly steps: readonly Step[] } = JSON.parse(stdout);
  expect(steps.map(({ step, text }) => `${step} ${text}`)).toEqual([
    expect.stringContaining('listener web'),
    'request GET /a',
    'plugins ./judge.ts',
    'rule none',
    'route routes[0]',
    'plugins hello-world',
    'upstream site',
    'plugins hello-world',
    'backend 127.0.0.1:9001',
  ]);
});
