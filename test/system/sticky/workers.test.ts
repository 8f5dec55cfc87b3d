import { get } from 'node:http';
import { expect, test } from 'vitest';
import { startNamedBackend } from '../../support/named-backends.ts';
import { fetchStatus } from '../../../core/admin/client.ts';
import { runTidegate, type TidegateProcess } from '../../support/tidegate-process.ts';
import { poll } from '../../support/poll.ts';

async function start(sticky: string): Promise<TidegateProcess> {
  const backends = await Promise.all([startNamedBackend(), startNamedBackend(), startNamedBackend()]);
  const rows = backends.map(({ address }) => `{ address: '${address}' }`).join(', ');
  return runTidegate({
    files: {
      'tidegate.config.yaml': `listeners: [{ name: web, address: '127.0.0.1:0', upstream: site }]
upstreams: { site: { sticky: ${sticky}, backends: [${rows}] } }
workers: 2
`,
    },
    workers: 'real',
  });
}

/** Over a connection of its own: any worker may get it. */
function ask(url: string, cookie = ''): Promise<{ readonly body: string; readonly cookie: string | null }> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false, headers: cookie === '' ? {} : { cookie } }, (response) => {
      const set = response.headers['set-cookie']?.[0]?.split(';')[0] ?? null;
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => resolve({ body, cookie: set }));
    }).on('error', reject);
  });
}

test('all workers know the cookies of each other, those that replace dead ones and those of a reload too', async () => {
  const tidegate = await start('{ type: cookie }');
  const url = await tidegate.url();
  const first = await ask(url);
  const stays = async (): Promise<void> => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(url, first.cookie ?? '')));
    expect(new Set(answers.map(({ body }) => body))).toEqual(new Set([first.body]));
    expect(answers.every(({ cookie }) => cookie === null)).toBe(true);
  };
  await stays();
  const { workers } = await fetchStatus(tidegate.configFile);
  const pids = workers.map(({ pid }) => pid);
  process.kill(pids[0] ?? 0, 'SIGKILL');
  await poll(async () => {
    const now = (await fetchStatus(tidegate.configFile)).workers.map(({ pid }) => pid);
    return now.length === 2 && !now.includes(pids[0] ?? 0);
  });
  await stays();
  tidegate.kill('SIGHUP');
  await tidegate.line('reloaded');
  await stays();
});
