import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig } from '../../../core/config/load.ts';
import { configFolder } from '../../support/config-folder.ts';

test('error pages are read, and watched', async () => {
  const folder = await configFolder({
    'c.yaml': `
listeners:
  - name: a
    address: :80
    rules: ./rules/site.ts
    errorPages:
      404: ./pages/404.html
      5xx: { html: ./pages/5xx.html, json: ./pages/5xx.json }
`,
    'rules/site.ts': 'export {};',
    'pages/404.html': '<h1>{status}</h1>',
    'pages/5xx.html': '<h1>{reason}</h1>',
    'pages/5xx.json': '{"status":{status}}',
  });
  const loaded = await loadConfig(join(folder, 'c.yaml'));
  expect(loaded).toMatchObject({
    ok: true,
    config: {
      listeners: [
        {
          rules: { script: join(folder, 'rules/site.ts') },
          errorPages: [
            { match: '404', html: '<h1>{status}</h1>', json: null },
            { match: '5xx', html: '<h1>{reason}</h1>', json: '{"status":{status}}' },
          ],
        },
      ],
    },
  });
  expect(loaded.inputs).toEqual(
    ['c.yaml', 'pages/404.html', 'pages/5xx.html', 'pages/5xx.json'].map((name) => join(folder, name)),
  );
});

test('files that are not there are problems, and watched', async () => {
  const folder = await configFolder({
    'c.yaml': `
listeners:
  - { name: a, address: ":80", rules: ./a.ts, errorPages: { 404: ./404.html, 5xx: { json: ./pages } } }
  - { name: b, address: ":81", rules: { script: ./pages }, shadow: ./next.ts }
`,
  });
  await mkdir(join(folder, 'pages'));
  const loaded = await loadConfig(join(folder, 'c.yaml'));
  expect(loaded.ok ? [] : loaded.problems.map(({ path, message }) => `${path}: ${message}`)).toEqual([
    `listeners[0].rules: expected a rule script, found no such file: ${join(folder, 'a.ts')}`,
    `listeners[0].errorPages["404"]: expected an error page, found no such file: ${join(folder, '404.html')}`,
    `listeners[0].errorPages["5xx"].json: expected an error page, found a folder: ${join(folder, 'pages')}`,
    `listeners[1].rules.script: expected a rule script, found a folder: ${join(folder, 'pages')}`,
    `listeners[1].shadow: expected a rule script, found no such file: ${join(folder, 'next.ts')}`,
  ]);
  expect(loaded.inputs).toEqual(
    ['c.yaml', 'a.ts', '404.html', 'pages', 'next.ts'].map((name) => join(folder, name)),
  );
});
