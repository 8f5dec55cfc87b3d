import { expect, test } from 'vitest';
import { poll } from '../../support/poll.ts';
import { startRawBackend, unusedPort } from '../../support/raw-backend.ts';
import { statusOf } from '../../support/status.ts';
import { runTidegate } from '../../support/tidegate-process.ts';

test('what is known of a backend outlives reloads and workers', async () => {
  const [good, gone] = [await startRawBackend(), await unusedPort()];
  const config = (healthCheck: string): string => `
listeners: [{ name: web, address: '127.0.0.1:0', upstream: site }]
upstreams:
  site:
    backends: [{ address: '127.0.0.1:${good.port}' }, { address: '127.0.0.1:${gone}' }]
    healthCheck: ${healthCheck}
workers: 1
`;
  const tidegate = await runTidegate({
    workers: 'real',
    files: { 'tidegate.config.yaml': config('{ interval: 100ms, timeout: 10s }') },
  });
  const find = async () => {
    const { upstreams, workers } = await statusOf(tidegate);
    const [up, down] = upstreams[0]?.backends ?? [];
    return { up, down, worker: workers[0] };
  };
  const reloadWith = async (text: string): Promise<void> => {
    const reloaded = tidegate.nextLine('reloaded');
    await tidegate.write('tidegate.config.yaml', text);
    await reloaded;
  };
  await tidegate.line('a backend is down');
  const before = await poll(async () => {
    const found = await find();
    return found.up?.activeCheck?.isChecked === true ? found : null;
  });
  expect(before.down).toMatchObject({
    health: 'down',
    activeCheck: { since: expect.any(Number), reason: 'connection refused', isChecked: true },
  });
  expect(before.up).toMatchObject({ health: 'up', activeCheck: { reason: 'connected' } });

  // Another check, of which nothing comes for an hour.
  await reloadWith(config('{ interval: 1h, fastInterval: 1h, jitter: 0.5 }'));
  const after = await find();
  expect(after.down).toMatchObject({ health: 'down', activeCheck: before.down?.activeCheck });

  if (after.worker === undefined) throw new Error('no worker');
  const replaced = tidegate.nextLine('worker ready');
  process.kill(after.worker.pid, 'SIGKILL');
  await replaced;
  expect((await find()).down?.health).toBe('down');

  // Nobody looks any more: it is taken for up again.
  await reloadWith(config('false'));
  expect((await find()).down).toMatchObject({ health: 'up', activeCheck: null });
});
