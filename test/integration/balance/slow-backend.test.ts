import { expect, test } from 'vitest';
import { ok } from '../../support/raw-backend.ts';
import { site, startProxy } from '../http1/setup.ts';
import { answers, startNumbered } from './setup.ts';

test.each(['fastest', 'observed', 'predictive'])('%s sends little to a slow backend', async (scheduler) => {
  const backends = await startNumbered(2, (number) => async (request) => {
    // So slow that the other one is never slower, however busy the machine is.
    if (number === 0) await new Promise((resolve) => setTimeout(resolve, 300));
    request.reply(ok(String(number)));
  });
  const proxy = await startProxy({
    upstreams: site(
      backends.map(({ port }) => port),
      { scheduler },
    ),
  });
  const got = await answers(
    proxy,
    Array.from({ length: 60 }, () => ['/'] as const),
  );
  const slow = got.filter((name) => name === '0').length;
  expect(slow).toBeGreaterThan(0);
  expect(slow).toBeLessThan(15);
});
