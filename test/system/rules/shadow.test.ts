import { basename } from 'node:path';
import { expect, test } from 'vitest';
import type { StatusReport } from '../../../core/admin/status-report.ts';
import { poll } from '../../support/poll.ts';
import { startRawBackend, type RawBackend } from '../../support/raw-backend.ts';
import { statusOf } from '../../support/status.ts';
import { runTidegate, type LogLine, type TidegateProcess } from '../../support/tidegate-process.ts';

const rules = (body: string): string =>
  `import { defineRules, deny, forward, next, redirect, respond } from 'tidegate/rules';\nexport default defineRules({ ${body} });\n`;

const LIVE = rules(`request(req) {
  if (req.path === '/moved') return redirect('/new');
  req.headers.set('x-served-by', 'live');
  return forward('site', { setHeaders: { 'x-user': 'a' } });
}`);

interface Tried {
  readonly tidegate: TidegateProcess;
  readonly backend: RawBackend;
  readonly url: string;
}

async function start(shadow: string, settings: object = {}, live: string | null = LIVE): Promise<Tried> {
  const backend = await startRawBackend();
  const listener = {
    name: 'web',
    address: '127.0.0.1:0',
    upstream: 'site',
    ...(live === null ? {} : { rules: './live.ts' }),
    // A busy machine is not to eat up its time.
    shadow: { script: './next.ts', budget: '1s', ...settings },
  };
  const tidegate = await runTidegate({
    workers: 'real',
    config: 'tidegate.config.json',
    files: {
      'tidegate.config.json': JSON.stringify({
        listeners: [listener],
        upstreams: {
          site: { backends: [{ address: `127.0.0.1:${backend.port}` }], healthCheck: false },
          other: { backends: [{ address: `127.0.0.1:${backend.port}` }], healthCheck: false },
        },
        workers: 2,
      }),
      'live.ts': live ?? '',
      'next.ts': shadow,
    },
  });
  return { tidegate, backend, url: await tidegate.url() };
}

/** Each on a connection of its own, for either worker. */
async function ask(url: string, path = '/', headers: Record<string, string> = {}): Promise<Response> {
  const answer = await fetch(`${url}${path}`, {
    redirect: 'manual',
    headers: { ...headers, connection: 'close' },
  });
  await answer.arrayBuffer();
  return answer;
}

async function shadowOf(tidegate: TidegateProcess): Promise<StatusReport['shadows'][number]> {
  const [row] = (await statusOf(tidegate)).shadows;
  if (row === undefined) throw new Error('no shadow in the status');
  return row;
}

const QUARANTINED = 'a rule script is in quarantine until it is changed';
const DIFFERS = 'the shadow rule script decides otherwise';

test('where a script that is tried decides otherwise is logged, and nothing comes of it', async () => {
  const { tidegate, backend, url } = await start(
    rules(`request(req) {
      if (req.headers.has('x-served-by')) throw new Error('it sees what the other script did');
      console.warn('asked');
      if (req.path === '/moved') return redirect('/new');
      if (req.path === '/admin') return deny();
      req.headers.set('x-served-by', 'live');
      return forward('site', { setHeaders: { 'X-User': 'a' } });
    },
    response(res) { res.headers.set('x-shadow', '1'); },`),
  );
  expect((await ask(url)).status).toBe(200);
  expect((await ask(url, '/moved')).headers.get('location')).toBe('/new');
  const denied = tidegate.line(DIFFERS);
  const answer = await ask(url, '/admin?token=x');
  expect([answer.status, answer.headers.get('x-shadow')]).toEqual([200, null]);
  expect(await denied).toMatchObject({
    level: 'info',
    rule: `${tidegate.folder}/next.ts`,
    shadow: true,
    listener: 'web',
    method: 'GET',
    path: '/admin',
    differs: ['kind'],
    decision: 'forward to site; sets x-served-by: live; sets x-user: a',
    shadowDecision: 'deny 403',
  });
  expect(backend.requests).toHaveLength(2);
  await poll(async () => (await shadowOf(tidegate)).compared === 3);
  expect(await shadowOf(tidegate)).toMatchObject({ listener: 'web', differing: 1, failed: 0, skipped: 0 });
  expect(tidegate.lines.filter(({ msg }) => msg === DIFFERS)).toHaveLength(1);
  expect(await tidegate.line('asked')).toMatchObject({ rule: `${tidegate.folder}/next.ts`, shadow: true });
  expect((await tidegate.command('status')).stdout).toMatch(/SHADOW .*\nweb +\S+next\.ts +\w+ +3 +1 +0 +0\n/);
});

test('an endless loop in a script that is tried costs live requests its time limit at most, and ends its trial', async () => {
  const { tidegate, url } = await start(rules('request() { for (;;); }'), { timeLimit: '20ms' });
  const times: number[] = [];
  while (tidegate.lines.every(({ msg }) => msg !== QUARANTINED)) {
    const begun = performance.now();
    expect((await ask(url)).status).toBe(200);
    times.push(performance.now() - begun);
  }
  expect((await tidegate.line(QUARANTINED))['reason']).toContain('time');
  expect(Math.max(...times)).toBeLessThan(3000);
  await tidegate.line('other rules took over');
  expect((await statusOf(tidegate)).shadows).toEqual([]);
  expect((await ask(url)).status).toBe(200);
  expect(
    (await statusOf(tidegate)).rules.find(({ file }) => file.endsWith('next.ts'))?.quarantined,
  ).not.toBeNull();
  // It is tried again when it is changed.
  const from = tidegate.lines.length;
  await tidegate.write('next.ts', LIVE);
  await tidegate.line('reloaded', undefined, from);
  await ask(url);
  await poll(async () => (await shadowOf(tidegate)).compared === 1);
});

test('a script that is tried and throws is counted, and harms nobody', async () => {
  const { tidegate, url } = await start(rules(`request() { throw new Error('oops'); }`));
  for (let i = 0; i < 4; i++) expect((await ask(url)).status).toBe(200);
  await poll(async () => (await shadowOf(tidegate)).failed === 4);
  expect(await shadowOf(tidegate)).toMatchObject({ compared: 0, differing: 0 });
  expect(tidegate.lines.find(({ msg }) => msg.includes('oops'))).toMatchObject({
    shadow: true,
    level: 'error',
  });
});

test('a reload of the script that is tried leaves the other one alone, and begins to count anew', async () => {
  const { tidegate, url } = await start(rules('request() { return deny(); }'));
  await ask(url);
  await poll(async () => (await shadowOf(tidegate)).differing === 1);
  const live = (report: StatusReport): object | undefined =>
    report.rules.find(({ file }) => file.endsWith('live.ts'));
  const before = await statusOf(tidegate);
  const from = tidegate.lines.length;
  await tidegate.write('next.ts', LIVE);
  const reloaded: LogLine = await tidegate.line('reloaded', undefined, from);
  expect(reloaded['changes']).toEqual([`rule script ${tidegate.folder}/next.ts changed`]);
  const after = await statusOf(tidegate);
  expect(live(after)).toEqual(live(before));
  expect(after.shadows).toMatchObject([{ compared: 0, differing: 0 }]);
  await ask(url);
  await poll(async () => (await shadowOf(tidegate)).compared === 1);
  expect(await shadowOf(tidegate)).toMatchObject({ differing: 0 });
});

test('without a script that serves, one is compared with what the listener does by itself', async () => {
  const { tidegate, url } = await start(
    rules(`request(req) { return req.path === '/' ? next() : forward('other'); }`),
    {},
    null,
  );
  await ask(url);
  const differs = tidegate.line(DIFFERS);
  await ask(url, '/a');
  expect(await differs).toMatchObject({ path: '/a', decision: 'next', shadowDecision: 'forward to other' });
});

test('a script to be tried without a handler to compare is refused', async () => {
  const { tidegate } = await start(LIVE);
  const from = tidegate.lines.length;
  await tidegate.write('next.ts', rules('response() {}'));
  const refused = await tidegate.line('reload refused; what was served goes on', undefined, from);
  expect(JSON.stringify(refused['problems'])).toContain('has to have a `request` handler');
});

test('one that takes its worker down is out, and what serves goes on', async () => {
  const { tidegate, url } = await start(rules('request() { new Array(1e9).fill(0); }'));
  const answers = async (): Promise<boolean> => (await ask(url)).status === 200;
  // Nothing ends what it does but the end of the worker, which costs the requests that the worker has.
  await poll(async () => {
    await answers().catch(() => false);
    return tidegate.lines.some(({ msg }) => msg === QUARANTINED);
  });
  await tidegate.line('other rules took over');
  for (let i = 0; i < 10; i++) expect(await poll(answers)).toBe(true);
  expect((await statusOf(tidegate)).shadows).toEqual([]);
  const status = await statusOf(tidegate);
  expect(
    Object.fromEntries(status.rules.map((rule) => [basename(rule.file), rule.quarantined !== null])),
  ).toEqual({
    'live.ts': false,
    'next.ts': true,
  });
});
