import { get } from 'node:http';
import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { fetchStatus } from '../../../core/admin/client.ts';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { poll } from '../../support/poll.ts';
import { runTidegate } from '../../support/tidegate-process.ts';

const config = (port: number, settings: string, workers: number): string => `
listeners: [{ name: web, address: '127.0.0.1:0', upstream: site }]
upstreams: { site: { ${settings}, backends: [{ address: '127.0.0.1:${port}' }] } }
workers: ${workers}
`;

function ask(url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode));
    }).on('error', reject);
  });
}

test('who waits outlives a reload; the limits of the new config are for those who come after it', async () => {
  const backend = await startRawBackend(() => {});
  const tidegate = await runTidegate({
    files: { 'tidegate.config.yaml': config(backend.port, 'maxConnections: 1', 1) },
    workers: 'real',
  });
  const url = await tidegate.url();
  const first = ask(`${url}/a`);
  await backend.request(0);
  const second = ask(`${url}/b`);
  const queue = async () => (await fetchStatus(tidegate.configFile)).upstreams[0]?.queue;
  await poll(async () => (await queue())?.waiting === 1);
  await writeFile(tidegate.configFile, config(backend.port, 'maxConnections: 2', 1));
  tidegate.kill('SIGHUP');
  await tidegate.line('reloaded');
  expect(await queue()).toMatchObject({ waiting: 1, served: 0 });
  const third = ask(`${url}/c`);
  const { target } = await backend.request(1);
  expect(target).toBe('/c');
  (await backend.request(0)).reply(ok('a'));
  (await backend.request(1)).reply(ok('c'));
  (await backend.request(2)).reply(ok('b'));
  expect(await Promise.all([first, second, third])).toEqual([200, 200, 200]);
  const after = await poll(async () => {
    const found = await queue();
    return found?.waiting === 0 ? found : null;
  });
  expect(after).toMatchObject({ served: 1, refused: 0, timedOut: 0 });
  expect(after?.waitMs.p50).toBeGreaterThan(0);
});

test('two workers share the places of a backend, and what each counts is added up', async () => {
  let most = 0;
  let now = 0;
  const held: (() => void)[] = [];
  const backend = await startRawBackend((request) => {
    most = Math.max(most, ++now);
    held.push(() => {
      now -= 1;
      request.reply(ok('x'));
    });
  });
  const tidegate = await runTidegate({
    files: { 'tidegate.config.yaml': config(backend.port, 'maxConnections: 4', 2) },
    workers: 'real',
  });
  const url = await tidegate.url();
  const answers = Promise.all(Array.from({ length: 24 }, () => ask(url)));
  const queue = async () => (await fetchStatus(tidegate.configFile)).upstreams[0]?.queue;
  await poll(async () => now + ((await queue())?.waiting ?? 0) === 24);
  let open = true;
  void answers.then(() => (open = false));
  await poll(() => {
    for (const reply of held.splice(0)) reply();
    return !open;
  });
  expect(new Set(await answers)).toEqual(new Set([200]));
  expect(most).toBeLessThanOrEqual(4);
  expect((await queue())?.served).toBeGreaterThan(0);
});
