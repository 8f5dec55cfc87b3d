import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { describeChanges } from '../../../core/config/diff.ts';
import { loadConfig } from '../../../core/config/load.ts';
import { resolveConfig } from '../../../core/config/resolve.ts';
import { configSchema } from '../../../core/config/schema.ts';
import { contentWith, findingsIn } from '../../support/config-findings.ts';
import { configFolder } from '../../support/config-folder.ts';

function resolved(plugins: readonly unknown[]) {
  const content = configSchema.parse(contentWith({ listener: { plugins } }));
  return resolveConfig(content, '/etc/t/c.yaml', new Map());
}

test('a path, a built-in and a package are told apart', () => {
  const sources = resolved([
    './a.ts',
    '../b.js',
    '/c.mjs',
    'hello-world',
    'greeting',
    '@scope/greeting/part',
  ]);
  expect(sources.listeners[0]?.plugins.map(({ source }) => source)).toEqual([
    { kind: 'file', file: '/etc/t/a.ts' },
    { kind: 'file', file: '/etc/b.js' },
    { kind: 'file', file: '/c.mjs' },
    { kind: 'builtin', name: 'hello-world' },
    { kind: 'package', name: 'greeting' },
    { kind: 'package', name: '@scope/greeting/part' },
  ]);
});

describe('what is wrong with a plugin is named', () => {
  test.each<[unknown, string]>([
    ['hello-world', ': expected a list, found "hello-world"'],
    [
      [5],
      "[0]: expected a built-in plugin's name, a path, a package, or an object with `use` and `options`, found 5",
    ],
    [[''], `[0]: expected a built-in plugin's name, a path or a package, found ""`],
    [[{}], "[0].use: missing: expected a built-in plugin's name, a path or a package"],
    [[{ use: 'hello-world', option: {} }], '[0].option: unknown key; did you mean `options`?'],
    [[{ use: 'a', options: Number.NaN }], '[0].options: expected what JSON can say, found NaN'],
    [[{ use: 'a', options: { f: () => 1 } }], '[0].options: expected what JSON can say, found an object'],
    [
      [{ use: 'a', onError: 'ignore' }],
      '[0].onError: expected "fail", "skip", or a status from 400 to 599, found "ignore"',
    ],
    [[{ use: 'a', onError: 200 }], '[0].onError: expected an integer from 400 to 599, found 200'],
    [
      [{ use: 'a', createTimeout: '21s' }],
      '[0].createTimeout: expected a duration from "1ms" to "20s", found "21s"',
    ],
    [
      [{ use: 'a', breaker: true }],
      '[0].breaker: expected false, or an object with `faults`, `window` and `rest`, found true',
    ],
    [
      [{ use: 'a', breaker: { faults: 0 } }],
      '[0].breaker.faults: expected an integer from 1 to 1000, found 0',
    ],
  ])('%j', (plugins, finding) => {
    expect(findingsIn(contentWith({ listener: { plugins } }))).toEqual([
      expect.stringContaining(`listeners[0].plugins${finding}`),
    ]);
  });
});

test('a plugin that is nowhere to be found is named, on listeners, routes and upstreams', async () => {
  const folder = await configFolder({
    'here.ts': '',
    'node_modules/@scope/greeting/package.json': '{}',
    'c.json': JSON.stringify({
      listeners: [
        {
          name: 'web',
          address: ':8080',
          upstream: 'site',
          plugins: [
            './here.ts',
            '@scope/greeting',
            '@scope/greeting/part',
            './gone.ts',
            { use: 'helo-world' },
          ],
          routes: [{ path: '/a', upstream: 'site', plugins: ['./'] }],
        },
      ],
      upstreams: { site: { backends: [{ address: '127.0.0.1:1' }], plugins: ['nothing-like-it'] } },
    }),
  });
  const loaded = await loadConfig(join(folder, 'c.json'));
  const expected = 'expected a built-in plugin, a path that begins with "./", or an installed package';
  expect(loaded.ok ? [] : loaded.problems.map(({ path, message }) => `${path}: ${message}`)).toEqual([
    `listeners[0].plugins[3]: expected a plugin module, found no such file: ${join(folder, 'gone.ts')}`,
    `listeners[0].plugins[4].use: ${expected}, found "helo-world"; did you mean \`hello-world\`?`,
    `listeners[0].routes[0].plugins[0]: expected a plugin module, found a folder: ${folder}`,
    `upstreams.site.plugins[0]: ${expected}, found "nothing-like-it"`,
  ]);
  expect(loaded.inputs).toContain(join(folder, 'gone.ts'));
});

test('a reload names the plugins that changed, and of their options only that they did', () => {
  const changes = (before: readonly unknown[], after: readonly unknown[]) =>
    describeChanges(resolved(before), resolved(after));
  expect(changes(['./a.ts'], ['./a.ts'])).toEqual([]);
  expect(changes(['./a.ts', './b.ts'], ['./b.ts', './c.ts'])).toEqual([
    'listener web: plugin ./a.ts removed, plugin ./c.ts added',
  ]);
  expect(changes(['./a.ts', './b.ts'], ['./b.ts', './a.ts'])).toEqual([
    'listener web: plugins in another order',
  ]);
  expect(
    changes(
      [{ use: './a.ts', options: { password: 'old' } }, './a.ts'],
      [
        { use: './a.ts', options: { password: 'new' }, onError: 'skip', createTimeout: '1s' },
        { use: './a.ts', breaker: { faults: 2 } },
      ],
    ),
  ).toEqual([
    'listener web: plugin ./a.ts options changed, onError 500 → skip, createTimeout 5s → 1s, plugin ./a.ts #2 breaker.faults none → 2, breaker.window none → 10s, breaker.rest none → 30s',
  ]);
});
