import { expect, test } from 'vitest';
import { startLoad } from '../../support/load.ts';
import { poll } from '../../support/poll.ts';
import { expectNoFailure } from '../../support/shuffle-backends.ts';
import { change, plain, runWithBackends } from '../../integration/backends/setup.ts';

test(
  'a drain under load: what goes to the backend ends, and no request fails',
  { timeout: 60_000 },
  async () => {
    const running = await runWithBackends([plain, plain]);
    const { url, backends } = running;
    const load = startLoad(url, 16);
    await poll(() => backends.every(({ requests }) => requests() > 50));
    await change(running, { action: 'drain', upstream: 'site', backend: backends[0]?.address ?? '' });
    // What was under way when the workers answered may still arrive.
    const atDrain = backends[0]?.requests() ?? 0;
    const answered = load.answered();
    await poll(() => load.answered() > answered + 200);
    expectNoFailure(await load.stop());
    expect((backends[0]?.requests() ?? 0) - atDrain).toBeLessThanOrEqual(16);
  },
);
