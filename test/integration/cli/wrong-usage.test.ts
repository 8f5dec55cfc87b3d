import { expect, test } from 'vitest';
import { projectFolder, runCli } from './run-cli.ts';

test.for([
  [['explain', 'GET'], "missing required argument 'url'"],
  [['explain', 'GET', '/path'], 'expected an absolute URL'],
  [['explain', 'GET', 'http://localhost/', '-H', 'nothing'], "expected 'name: value'"],
  [['explain', 'GET', 'http://localhost/', '--client', 'somebody'], 'expected an IP address'],
  [['explain', 'tcp://localhost'], 'expected tcp://HOST:PORT'],
  [['check', '--jason'], "unknown option '--jason'"],
] as const)('wrong usage ends with 2: %j', async ([args, message]) => {
  await using project = await projectFolder({});
  const { status, stdout, stderr } = await runCli(project.path, ...args);
  expect(stderr).toContain(message);
  expect(stdout).toBe('');
  expect(status).toBe(2);
});
