import { Agent, get } from 'node:http';

import { expect, onTestFinished, test } from 'vitest';

import { script, webConfig } from '../../support/configs.ts';
import { startLoad } from '../../support/load.ts';
import { poll } from '../../support/poll.ts';
import { startBackend } from '../../support/slow-backend.ts';
import { statusOf } from '../../support/status.ts';
import { runTidegate } from '../../support/tidegate-process.ts';

const passing = (text: string): string =>
  script(text)
    .replace(/respond/g, 'next')
    .replace(/next\(".*"\)/, 'next()') + `// ${text}\n`;

test('100 reloads under load: no request fails', { timeout: 120_000 }, async () => {
  const backend = await startBackend();
  const config = (more: string): string =>
    webConfig({ backend: backend.address, rules: './site.ts', upstreams: [more] });
  const tidegate = await runTidegate({
    files: { 'tidegate.config.yaml': config('a'), 'site.ts': passing('one') },
    workers: 'real',
  });
  const load = startLoad(await tidegate.url(), 16);
  await poll(() => load.answered() > 100);
  for (let version = 2; version <= 101; version++) {
    await tidegate.write('tidegate.config.yaml', config(`u${version}`));
    const next = tidegate.nextLine('reloaded');
    tidegate.kill('SIGHUP');
    await next;
  }
  const { failures, answered } = await load.stop();
  expect(failures).toEqual([]);
  expect(answered).toBeGreaterThan(100);
  expect((await statusOf(tidegate)).snapshot.version).toBeGreaterThanOrEqual(101);
});

test('an exchange under way and its connection outlive a reload', async () => {
  const backend = await startBackend();
  const tidegate = await runTidegate({
    files: { 'tidegate.config.yaml': webConfig({ backend: backend.address, workers: 1 }) },
    workers: 'real',
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  const url = await tidegate.url();
  const ask = (path: string): Promise<{ body: string; port: number | undefined }> =>
    new Promise((resolve, reject) => {
      const request = get(`${url}${path}`, { agent }, (response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk.toString()));
        response.on('end', () => resolve({ body, port: request.socket?.localPort }));
      });
      request.on('error', reject);
    });
  const arrived = backend.slow();
  const answer = ask('/slow');
  const pending = await arrived;
  tidegate.kill('SIGHUP');
  await tidegate.line('reloaded');
  expect((await statusOf(tidegate)).listeners).toMatchObject([{ inFlight: 1 }]);
  pending.end('late');
  const first = await answer;
  expect(first.body).toBe('late');
  const second = await ask('/');
  expect(second).toEqual({ body: 'ok', port: first.port });
});
