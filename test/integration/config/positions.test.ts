import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig } from '../../../core/config/load.ts';
import { configFolder } from '../../support/config-folder.ts';

async function problemsOf(name: string, text: string): Promise<string[]> {
  const folder = await configFolder({ [name]: text });
  const file = join(folder, name);
  const loaded = await loadConfig(file);
  if (loaded.ok) return [];
  for (const problem of loaded.problems) expect(problem.file).toBe(file);
  return loaded.problems.map(({ path, message, line, column }) => `${line}:${column} ${path}: ${message}`);
}

test('all problems of a YAML config come at once, in the order of the file, with line and column', async () => {
  const text = `listners: []
listeners:
  - name: a
    address: 127.0.0.1:80
    rules: ./none.ts
    timeouts: { header: 5 }
    upstrem: x
    upstream: sit
  - address: 127.0.0.1:80
upstreams:
  site: { backends: [{ address: "127.0.0.1:1", weight: 1.5 }] }
`;
  expect(await problemsOf('c.yaml', text)).toEqual([
    '1:1 listners: unknown key; did you mean `listeners`?',
    expect.stringMatching(
      /^5:12 listeners\[0\]\.rules: expected a rule script, found no such file: .*none\.ts$/,
    ),
    '6:25 listeners[0].timeouts.header: expected a duration like "5s", found 5',
    '7:5 listeners[0].upstrem: unknown key; did you mean `upstream`?',
    '8:15 listeners[0].upstream: expected the name of an upstream (site), found "sit"; did you mean `site`?',
    '9:5 listeners[1].name: missing: expected a name',
    '9:14 listeners[1].address: expected an address of its own, found "127.0.0.1:80", which listeners[0] has (127.0.0.1:80)',
    '11:56 upstreams.site.backends[0].weight: expected an integer from 0 to 65535, found 1.5',
  ]);
});

test('a JSON config has positions too, whatever it is indented with', async () => {
  const text = '{\n\t"listeners": [\n\t\t{ "name": "a", "adress": ":80", "address": 80 }\n\t]\n}\n';
  expect(await problemsOf('c.json', text)).toEqual([
    '3:18 listeners[0].adress: unknown key; did you mean `address`?',
    expect.stringMatching(/^3:46 listeners\[0\]\.address: expected an address like .*, found 80$/),
  ]);
});

test.each([
  ['c.json', '{ "listeners": [],\n}', '1:18 : SyntaxError: JSON does not support trailing commas'],
  ['c.json', '{ "listeners": [', '1:17 : SyntaxError: Unexpected end of file in JSON'],
  [
    'c.json',
    '{ "listeners": [{ "name": "a",\n "name": "b" }] }',
    '2:2 : expected each key once, found this one twice',
  ],
  ['c.yaml', 'lists:\n  a: []\n  a: []\n', '3:3 : expected each key once, found this one twice'],
  [
    'c.yaml',
    'listeners:\n  - { name: a\n',
    '3:1 : Flow map in block collection must be sufficiently indented and end with a }',
  ],
])('%s with a syntax error: %j', async (name, text, problem) => {
  expect(await problemsOf(name, text)).toContain(problem);
});

test('an IPv6 address without quotes in YAML is explained', async () => {
  const text = 'listeners:\n  - name: a\n    address: [::]:80\n';
  expect(await problemsOf('c.yaml', text)).toEqual([
    expect.stringMatching(/^3:\d+ : .*; put the address in quotes: "\[::\]:80"$/),
  ]);
});

test('YAML aliases that unfold into something huge are refused', async () => {
  const levels = Array.from(
    { length: 10 },
    (_, n) => `a${n + 1}: &a${n + 1} [${Array(10).fill(`*a${n}`).join(', ')}]`,
  );
  const [problem] = await problemsOf('c.yaml', `a0: &a0 [x]\n${levels.join('\n')}\n`);
  expect(problem).toContain('Excessive alias count');
});
