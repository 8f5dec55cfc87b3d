import { expect, test } from 'vitest';

import { webConfig } from '../../support/configs.ts';
import { startLoad } from '../../support/load.ts';
import { poll } from '../../support/poll.ts';
import { startBackend } from '../../support/slow-backend.ts';
import { runTidegate } from '../../support/tidegate-process.ts';

const plugin = (version: number): string => `
import { definePlugin } from 'tidegate/plugins';

export default definePlugin({
  name: 'versioned',
  options: { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } },
  create() {
    let isClosed = false;

    const check = () => { if (isClosed) throw new Error('called after close'); };
    return {
      async request({ request }) { check(); await null; request.headers.set('x-version', '${version}'); },
      response({ response }) { check(); response.headers.set('x-version', '${version}'); },
      log() { check(); },
      close() { isClosed = true; },
    };
  },
});
`;

test('200 versions of a plugin under load: no request fails', { timeout: 600_000 }, async () => {
  const backend = await startBackend();
  const config = webConfig({ backend: backend.address, workers: 2, plugins: ['./versioned.ts'] });
  const tidegate = await runTidegate({
    files: { 'tidegate.config.yaml': config, 'versioned.ts': plugin(1) },
    workers: 'real',
  });
  const url = await tidegate.url();
  const load = startLoad(url, 16);
  await poll(() => load.answered() > 100);
  for (let version = 2; version <= 201; version++) {
    await tidegate.write('versioned.ts', plugin(version));
    const next = tidegate.nextLine('reloaded');
    tidegate.kill('SIGHUP');
    await next;
    if (version % 50 === 0)
      await poll(async () => (await fetch(url)).headers.get('x-version') === String(version));
  }
  const { failures, answered } = await load.stop();
  expect(failures).toEqual([]);
  expect(answered).toBeGreaterThan(1000);
  expect(tidegate.lines.filter(({ msg }) => msg === 'a plugin failed')).toEqual([]);
});
