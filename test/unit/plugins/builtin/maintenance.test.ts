import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import maintenance from '../../../../plugins/builtin/maintenance.ts';
import { testPlugin } from '../../../../plugins/testing.ts';
import { poll } from '../../../support/poll.ts';

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'maintenance-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

test('everybody is told to come back later', async () => {
  await using tested = await testPlugin(maintenance, { retryAfter: '10m' });
  const answer = await tested.request();
  expect(answer).toMatchObject({ status: 503, request: null, text: expect.stringContaining('maintenance') });
  expect(answer.headers.get('retry-after')).toBe('600');
  expect(answer.headers.get('cache-control')).toBe('no-store');
});

test('those who work on it get through', async () => {
  await using tested = await testPlugin(maintenance, {
    allow: {
      addresses: ['192.0.2.0/24'],
      header: { name: 'X-Key', value: 'sesame' },
      cookie: { name: 'key', value: 'sesame' },
    },
  });
  expect((await tested.request({ client: '192.0.2.7' })).status).toBe(200);
  expect((await tested.request({ headers: { 'x-key': 'sesame' } })).status).toBe(200);
  expect((await tested.request({ headers: { 'x-key': 'sesam' } })).status).toBe(503);
  expect((await tested.request({ headers: { cookie: 'a=b; key=sesame' } })).status).toBe(200);
  expect((await tested.request({ headers: { cookie: 'key=' } })).status).toBe(503);
});

test('a file switches it, and a page is read again when it changes', async () => {
  const folder = await makeFolder();
  await writeFile(join(folder, 'page.html'), '<h1>Later</h1>');
  await using tested = await testPlugin(maintenance, { file: 'on', page: 'page.html' }, { folder });
  expect((await tested.request()).status).toBe(200);

  await writeFile(join(folder, 'on'), '');
  tested.fileChanged('on');
  await poll(() => tested.status()['on'] === true);
  const answer = await tested.request();
  expect(answer).toMatchObject({ status: 503, text: '<h1>Later</h1>' });
  expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');

  await writeFile(join(folder, 'page.html'), '<h1>Soon</h1>');
  tested.fileChanged('page.html');
  await poll(async () => (await tested.request()).text === '<h1>Soon</h1>');

  await rm(join(folder, 'page.html'));
  tested.fileChanged('page.html');
  await poll(() => tested.logs.some(({ level }) => level === 'error'));
  expect((await tested.request()).text).toBe('<h1>Soon</h1>');

  await rm(join(folder, 'on'));
  tested.fileChanged('on');
  await poll(async () => (await tested.request()).status === 200);
});

test('it may be for a part of the site, and off', async () => {
  await using tested = await testPlugin(maintenance, { path: '/shop/*' });
  expect((await tested.request({ url: '/shop/cart' })).status).toBe(503);
  expect((await tested.request({ url: '/' })).status).toBe(200);
  await using off = await testPlugin(maintenance, { enabled: false });
  expect((await off.request()).status).toBe(200);
});

test('a page that cannot be read is an error at the start', async () => {
  await expect(
    testPlugin(maintenance, { page: 'missing.html' }, { folder: await makeFolder() }),
  ).rejects.toThrow('missing.html');
});
