import { expect, test } from 'vitest';
import { ShadowCounts, ShadowRules } from '../../../core/exchange/shadow/shadow-rules.ts';
import type { DataPath } from '../../support/data-path.ts';
import { poll } from '../../support/poll.ts';
import { startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get, type RawClient } from '../../support/raw-client.ts';
import { recordingLog, type LoggedLine } from '../../support/recording-log.ts';
import { startProxy } from '../http1/setup.ts';
import { loadSandbox, UNHURRIED } from './load-sandbox.ts';

interface Tried {
  readonly proxy: DataPath;
  readonly client: RawClient;
  readonly counts: ShadowCounts;
  readonly lines: readonly LoggedLine[];
}

async function start(live: string, tried: string, { budgetMs = 1000, sample = 1 } = {}): Promise<Tried> {
  const backend = await startRawBackend();
  const serving = await loadSandbox(`export default defineRules({ ${live} });`, UNHURRIED);
  const shadow = await loadSandbox(`export default defineRules({ ${tried} });`, {
    ...UNHURRIED,
    shadow: { budgetMs },
  });
  const counts = new ShadowCounts();
  const { log, lines } = recordingLog();
  const proxy = await startProxy({
    backendPort: backend.port,
    rules: serving.script,
    shadow: new ShadowRules(shadow.script, sample, log, counts),
  });
  return { proxy, client: await connectRaw(proxy.port), counts, lines };
}

test('what is compared is the request before the script that serves has changed it', async () => {
  const { client, counts } = await start(
    `request(req) { req.headers.set('x-a', '2'); return forward('site', { host: 'b.test', path: '/b' }); }`,
    `request(req) {
      if (req.host !== 'example.test' || req.target !== '/a?x' || req.headers.get('x-a') !== '1') return deny();
      req.headers.set('x-a', '2');
      return forward('site', { host: 'b.test', path: '/b' });
    }`,
  );
  expect((await client.request(get('/a?x', 'X-A: 1'))).status).toBe(200);
  await poll(() => counts.compared === 1);
  expect(counts).toMatchObject({ differing: 0, failed: 0, skipped: 0 });
});

test('differences are logged ten times a second at most, the others counted, and secrets left out', async () => {
  const { client, counts, lines } = await start(
    'request() {}',
    `request(req) { req.headers.set('authorization', 'Basic abc'); return next(); }`,
  );
  for (let i = 0; i < 30; i++) await client.request(get(`/${i}`));
  await poll(() => counts.compared === 30);
  expect(counts.differing).toBe(30);
  expect(lines.length).toBeLessThan(30);
  expect(lines[0]?.fields).toMatchObject({
    path: '/0',
    differs: ['header edits'],
    decision: 'next',
    shadowDecision: 'next; sets authorization: …',
  });
  expect(JSON.stringify(lines)).not.toContain('Basic');
});

test('a script that is tried and takes long is skipped, and live requests are not', async () => {
  const { proxy, client, counts } = await start(
    'request() {}',
    'request() { const end = Date.now() + 20; while (Date.now() < end); }',
    { budgetMs: 10 },
  );
  for (let i = 0; i < 20; i++) expect((await client.request(get('/'))).status).toBe(200);
  await poll(() => counts.compared > 0);
  expect(counts.skipped).toBeGreaterThan(10);
  expect(counts.compared + counts.skipped).toBe(20);
  expect(proxy.entries).toHaveLength(20);
});

test('outside of the sample nothing is asked', async () => {
  const { client, counts } = await start('request() {}', 'request() {}', { sample: Number.MIN_VALUE });
  for (let i = 0; i < 5; i++) await client.request(get('/'));
  expect(counts).toMatchObject({ compared: 0, skipped: 0 });
});
