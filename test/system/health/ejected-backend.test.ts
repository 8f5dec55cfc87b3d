import { expect, test } from 'vitest';
import { startKillableBackend } from '../../support/killable-backend.ts';
import { startLoad } from '../../support/load.ts';
import { poll } from '../../support/poll.ts';
import { statusOf } from '../../support/status.ts';
import { runTidegate } from '../../support/tidegate-process.ts';

test('no client notices when one of three backends is killed under load', { timeout: 60_000 }, async () => {
  const backends = [await startKillableBackend(), await startKillableBackend(), await startKillableBackend()];
  const [killed] = backends;
  if (killed === undefined) throw new Error('no backend');
  const killedAddress = `127.0.0.1:${killed.port}`;
  const tidegate = await runTidegate({
    workers: 'real',
    files: {
      'tidegate.config.yaml': `
listeners: [{ name: web, address: '127.0.0.1:0', upstream: site }]
upstreams:
  site:
    backends: [${backends.map(({ port }) => `{ address: '127.0.0.1:${port}' }`).join(', ')}]
    # Only what befalls requests tells.
    healthCheck: false
    passiveHealth: { ejection: 1h, maxEjection: 1h }
workers: 2
`,
    },
  });
  const load = startLoad(await tidegate.url(), 16);
  await poll(() => load.answered() > 300);
  await killed.kill();
  const found = async () => {
    const { upstreams, listeners } = await statusOf(tidegate);
    const backend = upstreams[0]?.backends.find(({ address }) => address === killedAddress);
    const [listener] = listeners;
    return { backend, requests: listener !== undefined && 'requests' in listener ? listener.requests : 0 };
  };
  const left = await poll(async () => {
    const now = await found();
    return now.backend?.ejections.length === 2 ? now : null;
  });
  await poll(async () => (await found()).requests > left.requests + 300);
  const { answered, failures } = await load.stop();
  expect(failures).toEqual([]);
  expect(answered).toBeGreaterThan(600);
  const { backend } = await found();
  // Not one request more than those which told, and those under way with them.
  expect(backend?.requests).toBe(left.backend?.requests);
  expect(backend?.ejections[0]?.reason).toMatch(/failures in a row|on trial/);
  expect((await tidegate.command('status')).stdout).toContain('left out by 2 of 2 workers for ');
});
