import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { startLoad } from '../../support/load.ts';
import { poll } from '../../support/poll.ts';
import { statusOf } from '../../support/status.ts';
import { runTidegate } from '../../support/tidegate-process.ts';

const SERVER =
  "const s = require('node:http').createServer((q, a) => a.end('hello')).listen(0, '127.0.0.1', () => " +
  "require('node:fs').writeSync(1, String(s.address().port)))";

/** A backend in a process of its own. */
async function startBackendProcess(): Promise<{ address: string; kill: () => void }> {
  const child = spawn(process.execPath, ['-e', SERVER], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [port] = await once(child.stdout, 'data');
  return { address: `127.0.0.1:${String(port)}`, kill: () => void child.kill('SIGKILL') };
}

test('no client notices when one of three backends is killed under load', { timeout: 60_000 }, async () => {
  const backends = [await startBackendProcess(), await startBackendProcess(), await startBackendProcess()];
  const tidegate = await runTidegate({
    workers: 'real',
    files: {
      'tidegate.config.yaml': `
listeners: [{ name: web, address: '127.0.0.1:0', upstream: site }]
upstreams:
  site:
    backends: [${backends.map(({ address }) => `{ address: '${address}' }`).join(', ')}]
    # Only what befalls requests tells.
    healthCheck: false
    passiveHealth: { ejection: 1h, maxEjection: 1h }
workers: 2
`,
    },
  });
  const load = startLoad(await tidegate.url(), 16);
  await poll(() => load.answered() > 300);
  const killed = backends[0];
  if (killed === undefined) throw new Error('no backend');
  killed.kill();
  const found = async () => {
    const { upstreams, listeners } = await statusOf(tidegate);
    const backend = upstreams[0]?.backends.find(({ address }) => address === killed.address);
    return { backend, requests: listeners[0]?.requests ?? 0 };
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
