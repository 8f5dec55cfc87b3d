import { expect, test } from 'vitest';
import { poll } from '../../support/poll.ts';
import { statusOf } from '../../support/status.ts';
import { runTidegate } from '../../support/tidegate-process.ts';
import type { TidegateProcess } from '../../support/tidegate-process.ts';
import { NamedBackend } from './named-backend.ts';

async function healthOf(tidegate: TidegateProcess, address: string): Promise<string | undefined> {
  const { upstreams } = await statusOf(tidegate);
  return upstreams[0]?.backends.find((backend) => backend.address === address)?.health;
}

test('a backend that goes is left out by every worker, and used again when it is back', async () => {
  const [a, b] = [await new NamedBackend('a').come(), await new NamedBackend('b').come()];
  const tidegate = await runTidegate({
    workers: 'real',
    files: {
      'tidegate.config.yaml': `
listeners: [{ name: web, address: '127.0.0.1:0', upstream: site }]
upstreams:
  site:
    backends: [{ address: '${a.address}' }, { address: '${b.address}' }]
    # A busy machine must not be taken for a backend that is down.
    healthCheck: { type: http, interval: 300ms, timeout: 10s }
    passiveHealth: false
    retries: { attempts: 1 }
workers: 2
`,
    },
  });
  const url = await tidegate.url();
  await poll(async () => {
    const { upstreams } = await statusOf(tidegate);
    return upstreams[0]?.backends.every(({ activeCheck }) => activeCheck?.isChecked === true);
  });

  const down = tidegate.nextLine('a backend is down');
  a.leave();
  await down;
  // Both workers have heard of it before they answer the status.
  expect(await healthOf(tidegate, a.address)).toBe('down');
  const answers = await Promise.all(
    Array.from({ length: 20 }, async () => (await fetch(url, { headers: { connection: 'close' } })).text()),
  );
  expect(new Set(answers)).toEqual(new Set(['b']));

  const up = tidegate.nextLine('a backend is up');
  await a.come();
  await up;
  expect(await healthOf(tidegate, a.address)).toBe('up');
  await poll(async () => (await (await fetch(url)).text()) === 'a');
});
