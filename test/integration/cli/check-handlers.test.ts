import { expect, test } from 'vitest';
import { projectFolder, runCli } from './run-cli.ts';

const script = (handlers: string): string =>
  `import { defineRules } from 'tidegate/rules';\nexport default defineRules({ ${handlers} });\n`;

test('a script whose handlers are never called for the protocol of its listener is a warning', async () => {
  const listener = (name: string, protocol: string, port: number, rules: string): string =>
    `  - { name: ${name}, protocol: ${protocol}, address: '127.0.0.1:${port}', rules: ./${rules}.ts, upstream: site }\n`;
  await using project = await projectFolder({
    'tidegate.config.yaml': `
listeners:
${listener('web', 'http', 8080, 'connects')}${listener('db', 'tcp', 8081, 'requests')}${listener('dns', 'udp', 8082, 'requests')}${listener('both', 'tcp', 8083, 'both')}${listener('logs', 'tcp', 8084, 'logs')}${listener('web2', 'http', 8085, 'requests')}${listener('db2', 'tcp', 8086, 'connects')}
upstreams:
  site: { backends: [{ address: 127.0.0.1:9001 }] }
`,
    'connects.ts': script('connect() {}'),
    'requests.ts': script('request() {}'),
    'both.ts': script('connect() {}, request() {}'),
    'logs.ts': script('log() {}'),
  });
  const { status, stdout, stderr } = await runCli(project.path, 'check');
  const warning = (index: number, uncalled: string, protocol: string, called: string): string =>
    `warning: tidegate.config.yaml listeners[${index}].rules: the script has a \`${uncalled}\` handler, which is never called for protocol ${protocol}, and no \`${called}\` handler\n`;
  expect(stderr).toBe(
    warning(0, 'connect', 'http', 'request') +
      warning(1, 'request', 'tcp', 'connect') +
      warning(2, 'request', 'udp', 'connect'),
  );
  expect(stdout).toContain('is fine');
  expect(status).toBe(0);
});
