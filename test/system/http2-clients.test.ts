import { expect, test } from 'vitest';
import { ok, startRawBackend } from '../support/raw-backend.ts';
import { runToEnd } from '../support/run-to-end.ts';
import { startProxy } from '../integration/http1/setup.ts';

async function startSite(): Promise<string> {
  const backend = await startRawBackend(async (request) =>
    request.reply(ok(`got ${(await request.body()).length}`)),
  );
  const proxy = await startProxy({ backendPort: backend.port, listener: { http2: true } });
  return `http://127.0.0.1:${proxy.port}`;
}

test('curl posts and reads over HTTP/2', async () => {
  const url = await startSite();
  const { status, stdout } = await runToEnd('curl', [
    '-sS',
    '--http2-prior-knowledge',
    '-w',
    ' %{http_version}',
    '--data-binary',
    'x'.repeat(100_000),
    `${url}/`,
  ]);
  expect([status, stdout]).toEqual([0, 'got 100000 2']);
});

test('nghttp reads several resources over one connection', async () => {
  const url = await startSite();
  const { status, stdout } = await runToEnd('nghttp', [`${url}/a`, `${url}/b`, `${url}/c`]);
  expect([status, stdout]).toEqual([0, 'got 0got 0got 0']);
});

test('h2load has every request of many streams answered', async () => {
  const url = await startSite();
  const { status, stdout } = await runToEnd('h2load', ['-n', '2000', '-c', '4', '-m', '50', `${url}/`]);
  expect(status).toBe(0);
  expect(stdout).toContain('2000 succeeded, 0 failed, 0 errored, 0 timeout');
});
