import { expect, test } from 'vitest';
import { ok, startRawBackend, unusedPort, type BackendScript } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { entry, startProxy } from '../http1/setup.ts';

const scripts: Readonly<Record<string, BackendScript | null>> = {
  'connect-failure': null,
  reset: (request) => void request.connection.socket.resetAndDestroy(),
  timeout: () => {},
};

/** The log entry of a GET to a backend that fails in this way, and answers where there is no other such one. */
async function statusWith(
  failure: string,
  on: readonly string[],
): Promise<[status: number, attempts: number]> {
  const script = scripts[failure] ?? null;
  const bad = script === null ? await unusedPort() : (await startRawBackend(script)).port;
  const good = await startRawBackend((request) => request.reply(ok('good')));
  const backends = [{ address: `127.0.0.1:${bad}` }, { address: `127.0.0.1:${good.port}`, backup: true }];
  const proxy = await startProxy({
    upstreams: {
      site: {
        backends,
        // Both groups are in use, the first one's turn comes first.
        minAvailable: 2,
        timeouts: { response: '100ms' },
        retries: { on },
      },
    },
  });
  const client = await connectRaw(proxy.port);
  const { status } = await client.request(get('/'));
  return [status, (await entry(proxy)).attempts];
}

test.each([
  ['connect-failure', 502],
  ['reset', 502],
  ['timeout', 504],
])('%s leads to another attempt where `on` has it, and only there', async (cause, status) => {
  expect(await statusWith(cause, [cause])).toEqual([200, 2]);
  const others = ['connect-failure', 'reset', 'timeout', 'refused-stream'].filter((each) => each !== cause);
  expect(await statusWith(cause, others)).toEqual([status, 1]);
});
