import { expect, test } from 'vitest';
import { fetchHealthEvents } from '../../../core/admin/client.ts';
import { poll } from '../../support/poll.ts';
import { startRawBackend, unusedPort } from '../../support/raw-backend.ts';
import { runTidegate } from '../../support/tidegate-process.ts';

test('changes are logged, and can be asked for', async () => {
  const [good, gone] = [await startRawBackend(), await unusedPort()];
  const tidegate = await runTidegate({
    workers: 'fake',
    files: {
      'tidegate.config.yaml': `
listeners: [{ name: web, address: '127.0.0.1:0', upstream: site }]
upstreams:
  site:
    backends: [{ address: '127.0.0.1:${good.port}' }, { address: '127.0.0.1:${gone}' }]
    healthCheck: { interval: 100ms, timeout: 10s }
workers: 1
log: { health: { folder: health, checks: true } }
`,
    },
  });
  expect(await tidegate.line('a backend is down')).toMatchObject({
    level: 'warn',
    upstream: 'site',
    backend: `127.0.0.1:${gone}`,
    reason: 'connection refused',
  });
  const { events } = await poll(async () => {
    const found = await fetchHealthEvents(tidegate.configFile, 'site', 0);
    return found.events.some(({ event }) => event === null) ? found : null;
  });
  expect(events).toContainEqual({
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    upstream: 'site',
    backend: `127.0.0.1:${gone}`,
    check: 'tcp',
    event: 'down',
    ok: false,
    health: 'down',
    reason: 'connection refused',
    durationMs: expect.any(Number),
  });
  expect(events).toContainEqual(expect.objectContaining({ event: null, ok: true, health: 'up' }));

  const asked = await tidegate.command('backends', 'health', 'site', '--since', '1h');
  expect(asked.stdout).toMatch(/^\S+Z +127\.0\.0\.1:\d+ +down +tcp +connection refused$/m);
  const unknown = await tidegate.command('backends', 'health', 'sit');
  expect(unknown).toMatchObject({ status: 1 });
  expect(unknown.stderr).toContain('there is no upstream "sit"; did you mean `site`?');
});
