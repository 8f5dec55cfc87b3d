import { expect, test } from 'vitest';
import { webConfig } from '../support/configs.ts';
import { runTidegate } from '../support/tidegate-process.ts';
import { runToEnd } from '../support/run-to-end.ts';
import { startHaproxy, startNginx } from './real-servers.ts';

test('a chain of HAProxy, Tidegate and nginx serves wrk without a failed request', async () => {
  const nginx = await startNginx('location / { return 200 "ok"; }');
  const tidegate = await runTidegate({
    files: { 'tidegate.config.yaml': webConfig({ backend: `127.0.0.1:${nginx.port}` }) },
    workers: 'real',
  });
  const haproxy = await startHaproxy(Number(new URL(await tidegate.url()).port));
  const { stdout } = await runToEnd('wrk', ['-t1', '-c32', '-d3s', `http://127.0.0.1:${haproxy.port}/`]);
  expect(stdout).toMatch(/\d+ requests in/);
  expect(stdout).not.toMatch(/Socket errors|Non-2xx/);
});
