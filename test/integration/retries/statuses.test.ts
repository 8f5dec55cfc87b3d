import { expect, test } from 'vitest';
import { ok, startRawBackend, type RawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get, post } from '../../support/raw-client.ts';
import { entry, site, startProxy } from '../http1/setup.ts';

const BUSY = 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy';

function startBusy(): Promise<RawBackend> {
  return startRawBackend((request) => request.reply(BUSY));
}

test('an answer with a status of `on` is thrown away, and another backend asked', async () => {
  const busy = await startBusy();
  const good = await startRawBackend((request) => request.reply(ok('good')));
  const proxy = await startProxy({ upstreams: site([busy.port, good.port], { retries: { on: [503] } }) });
  const client = await connectRaw(proxy.port);
  for (let i = 0; i < 4; i++) expect((await client.request(get('/'))).body).toBe('good');
  expect(busy.requests.length).toBeGreaterThan(0);
  expect(proxy.entries.filter(({ attempts }) => attempts === 2)).toHaveLength(busy.requests.length);
  expect(proxy.entries.map(({ backend }) => backend)).toEqual(Array(4).fill(`127.0.0.1:${good.port}`));
});

test('the last answer is passed on as it is', async () => {
  const [one, two] = await Promise.all([startBusy(), startBusy()]);
  const proxy = await startProxy({
    upstreams: site([one.port, two.port], { retries: { attempts: 2, on: [503] } }),
  });
  const answer = await (await connectRaw(proxy.port)).request(get('/'));
  expect([answer.status, answer.body]).toEqual([503, 'busy']);
  expect([one.requests.length, two.requests.length]).toEqual([1, 1]);
  expect(await entry(proxy)).toMatchObject({ attempts: 2, error: null });
});

test.each([
  ['a status that is not in `on`', get('/'), [502]],
  ['POST: it may have had its effect', post('/', 'x'), [503]],
])('%s: the answer is passed on', async (_, request, on) => {
  const [one, two] = await Promise.all([startBusy(), startBusy()]);
  const proxy = await startProxy({ upstreams: site([one.port, two.port], { retries: { attempts: 2, on } }) });
  expect((await (await connectRaw(proxy.port)).request(request)).status).toBe(503);
  expect(one.requests.length + two.requests.length).toBe(1);
});
