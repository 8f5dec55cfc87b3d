import { expect, test } from 'vitest';
import { projectFolder, runCli } from './run-cli.ts';

const config = `
listeners:
  - { name: one, protocol: http, address: 127.0.0.1:8080, rules: ./wrong-type.ts, upstream: site }
  - { name: two, protocol: http, address: 127.0.0.1:8081, rules: ./throws.ts, upstream: site }
  - { name: three, protocol: http, address: 127.0.0.1:8082, rules: ./node.ts, upstream: site }
upstreams:
  site: { backends: [{ address: 127.0.0.1:9001 }] }
`;

const scripts = {
  'wrong-type.ts': `import { defineRules } from 'tidegate/rules';
export default defineRules({
  request(req) {
    const path: number = req.path;
    return path > 0 ? undefined : 'nowhere';
  },
});
`,
  'throws.ts': `import { defineRules } from 'tidegate/rules';
const settings: { list?: string[] } = {};
const first = settings.list!.length;
export default defineRules({ request() { return first > 0 ? undefined : undefined; } });
`,
  'node.ts': `import { readFileSync } from 'node:fs';
import { defineRules } from 'tidegate/rules';
export default defineRules({ request() { readFileSync('/etc/passwd'); } });
`,
};

test('check reports the problems of every script at once, with file, line and column', async () => {
  await using project = await projectFolder({ 'tidegate.config.yaml': config, ...scripts });
  const { status, stdout, stderr } = await runCli(project.path, 'check');
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^wrong-type\.ts:4:11: .*number/m);
  expect(stderr).toMatch(/^throws\.ts:3:\d+: .*undefined/m);
  expect(stderr).toMatch(/^node\.ts:1:\d+: /m);
  expect(status).toBe(1);
});

test('check names the places in a wrong config', async () => {
  await using project = await projectFolder({
    'tidegate.config.yaml': config.replace('upstream: site }', 'upstream: sit, timeouts: { header: 5 } }'),
    ...scripts,
  });
  const { status, stderr } = await runCli(project.path, 'check');
  expect(stderr).toMatch(/^tidegate\.config\.yaml:3:\d+ listeners\[0\]\.upstream: .*site/m);
  expect(stderr).toMatch(/^tidegate\.config\.yaml:3:\d+ listeners\[0\]\.timeouts\.header: .*duration/m);
  // Nor does a wrong config hide what is wrong with the scripts.
  expect(stderr).toMatch(/^wrong-type\.ts:4:11: .*number/m);
  expect(status).toBe(1);
});

test('check --json gives the same to scripts', async () => {
  await using project = await projectFolder({ 'tidegate.config.yaml': config, ...scripts });
  const { status, stdout } = await runCli(project.path, 'check', '--json');
  const result: unknown = JSON.parse(stdout);
  expect(result).toMatchObject({
    ok: false,
    problems: expect.arrayContaining([expect.objectContaining({ line: 4, column: 11 })]),
  });
  expect(status).toBe(1);
});
