import { test } from 'vitest';
import { plain, runWithBackends } from '../integration/backends/setup.ts';
import { startLoad } from '../support/load.ts';
import { poll } from '../support/poll.ts';
import { expectNoFailure, shuffleBackends } from '../support/shuffle-backends.ts';

test('50 changes of weights, drains, additions and removals under load, with reloads between them: no failed request', async () => {
  const { tidegate, url, backends } = await runWithBackends([plain, plain, plain], 1);
  const load = startLoad(url, 64);
  let turn = 0;
  await shuffleBackends(
    tidegate.configFile,
    backends.map(({ address }) => address),
    50,
    async () => {
      const answered = load.answered();
      if (++turn % 10 === 0) {
        const reloaded = tidegate.nextLine('reloaded');
        tidegate.kill('SIGHUP');
        await reloaded;
      }
      await poll(() => load.answered() > answered + 200);
    },
  );
  expectNoFailure(await load.stop());
});
