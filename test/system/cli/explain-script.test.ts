import { expect, test } from 'vitest';
import { register } from '../../../core/cli/explain.ts';
import { projectFolder, runHere } from '../../integration/cli/run-cli.ts';

function config(rules: string): string {
  return `
listeners: [{ name: web, protocol: http, address: 127.0.0.1:8080, rules: ${rules}, upstream: site }]
upstreams:
  site: { backends: [{ address: 127.0.0.1:9001 }, { address: 127.0.0.1:9002 }] }
`;
}

async function explain(rules: string, script: string): ReturnType<typeof runHere> {
  await using project = await projectFolder({
    'tidegate.config.yaml': config(rules),
    'site.ts': `import { defineRules } from 'tidegate/rules';\nexport default defineRules({\n${script}\n});\n`,
  });
  return await runHere(project.path, register, 'explain', 'GET', 'http://127.0.0.1:8080/');
}

test("explain asks the script's pick handler", async () => {
  const { stdout } = await explain('./site.ts', 'pick(candidates) { return candidates[1]; },');
  expect(stdout).toContain('the script has no `request` handler');
  expect(stdout).toContain("127.0.0.1:9002\n            the script's `pick` handler chose it");
});

test('a fault under onError: next is shown, and the request goes on', async () => {
  const { status, stdout } = await explain(
    '{ script: ./site.ts, onError: next }',
    "request() { throw new Error('on purpose'); },",
  );
  expect(stdout).toMatch(/because of onError: next; the fault: .*on purpose/);
  expect(stdout).toContain('goes to 127.0.0.1:9001');
  expect(status).toBe(0);
});

test('an endless loop ends explain with a fault', async () => {
  const { status, stdout } = await explain('./site.ts', 'request() { for (;;); },');
  expect(stdout).toContain('time limit');
  expect(stdout).toContain('answered with 500');
  expect(status).toBe(0);
});

test('a script that does not load is a problem with its place', async () => {
  const { status, stderr } = await explain('./site.ts', "request: missing('x'),");
  expect(stderr).toMatch(/^site\.ts:3:\d+: .*missing/m);
  expect(status).toBe(1);
});

test('--variable stands for what a plugin would set', async () => {
  await using project = await projectFolder({
    'tidegate.config.yaml': config('./site.ts'),
    'site.ts':
      "import { defineRules, deny } from 'tidegate/rules';\nexport default defineRules({ request: (req) => req.variables.get('jwt.sub') === 'kim' && req.variables.get('n') === 2 ? deny(418) : undefined });\n",
  });
  const url = 'http://127.0.0.1:8080/';
  const given = ['--variable', 'jwt.sub=kim', '--variable', 'n=2'];
  const told = await runHere(project.path, register, 'explain', 'GET', url, ...given);
  expect(told.stdout).toContain('answered with 418');
  const silent = await runHere(project.path, register, 'explain', 'GET', url);
  expect(silent.stdout).toContain('goes to 127.0.0.1:9001');
});

test('what a script that is tried would decide is said beside the other one, and changes nothing', async () => {
  const script = (body: string): string =>
    `import { defineRules, deny } from 'tidegate/rules';\nexport default defineRules({ ${body} });\n`;
  await using project = await projectFolder({
    'tidegate.config.yaml': config('./site.ts, shadow: ./next.ts'),
    'site.ts': script('request() {}'),
    'next.ts': script("request(req) { return req.path === '/admin' ? deny() : undefined; }"),
  });
  const told = await runHere(project.path, register, 'explain', 'GET', 'http://127.0.0.1:8080/admin');
  expect(told.stdout).toMatch(
    /^shadow +deny 403, at next\.ts:2:\d+\n +it is tried only; what it would decide otherwise: kind$/m,
  );
  expect(told.stdout).toContain('goes to 127.0.0.1:9001');
  const same = await runHere(project.path, register, 'explain', 'GET', 'http://127.0.0.1:8080/');
  expect(same.stdout).toMatch(/^shadow +next\n +as the rule decides$/m);
});
