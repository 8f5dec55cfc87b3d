import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import staticFiles from '../../../../plugins/builtin/static/static.ts';
import { testPlugin } from '../../../../plugins/testing.ts';
import { folderWith } from './files.ts';

const MODIFIED = 'Sun, 06 Nov 1994 08:49:37 GMT';

async function start(content = '0123456789') {
  const folder = folderWith({ 'public/file.txt': content });
  utimesSync(join(folder, 'public/file.txt'), 784_111_777.4, 784_111_777.4);
  const tested = await testPlugin(staticFiles, { root: 'public' }, { folder });
  const ask = (headers: Record<string, string>, method = 'GET') =>
    tested.request({ url: '/file.txt', headers, method });
  return { ask, tag: (await ask({})).headers.get('etag') ?? '' };
}

test('who has it already gets a 304, which says so and no more', async () => {
  const { ask, tag } = await start();
  for (const headers of [
    { 'If-None-Match': tag },
    { 'If-None-Match': `"other", W/${tag}` },
    { 'If-None-Match': '*' },
    { 'If-Modified-Since': MODIFIED },
    { 'If-Modified-Since': 'Sunday, 06-Nov-94 08:49:37 GMT' },
    { 'If-Modified-Since': 'Sun Nov  6 08:49:37 1994' },
  ]) {
    const answer = await ask(headers);
    expect([headers, answer.status, answer.body.length]).toEqual([headers, 304, 0]);
    expect(Object.fromEntries(answer.headers)).toEqual({ ETag: tag, 'Last-Modified': MODIFIED });
  }
});

test('who has another version, or asks for what is no date, gets it', async () => {
  const { ask } = await start();
  for (const headers of [
    { 'If-None-Match': '"other"' },
    { 'If-None-Match': '"other"', 'If-Modified-Since': MODIFIED },
    { 'If-Modified-Since': 'Sun, 06 Nov 1994 08:49:36 GMT' },
    { 'If-Modified-Since': '2999' },
  ])
    expect([headers, (await ask(headers)).status]).toEqual([headers, 200]);
});

test('who wants this version only gets a 412 for another', async () => {
  const { ask, tag } = await start();
  expect((await ask({ 'If-Match': '"other"' })).status).toBe(412);
  expect((await ask({ 'If-Match': `W/${tag}` })).status).toBe(412);
  expect((await ask({ 'If-Match': tag })).status).toBe(200);
  expect((await ask({ 'If-Match': '*' })).status).toBe(200);
  expect((await ask({ 'If-Unmodified-Since': 'Sun, 06 Nov 1994 08:49:36 GMT' })).status).toBe(412);
  expect((await ask({ 'If-Unmodified-Since': MODIFIED })).status).toBe(200);
});

test.each([
  ['bytes=0-0', '0', 'bytes 0-0/10'],
  ['bytes=2-4', '234', 'bytes 2-4/10'],
  ['bytes=7-', '789', 'bytes 7-9/10'],
  ['bytes=7-99', '789', 'bytes 7-9/10'],
  ['bytes=-3', '789', 'bytes 7-9/10'],
  ['bytes=-99', '0123456789', 'bytes 0-9/10'],
])('Range: %s', async (range, text, contentRange) => {
  const { ask, tag } = await start();
  const answer = await ask({ Range: range });
  expect([answer.status, answer.text, answer.headers.get('content-range')]).toEqual([
    206,
    text,
    contentRange,
  ]);
  expect((await ask({ Range: range, 'If-Range': tag })).status).toBe(206);
  expect((await ask({ Range: range, 'If-Range': MODIFIED })).status).toBe(206);
  expect((await ask({ Range: range, 'If-Range': '"other"' })).text).toBe('0123456789');
  expect((await ask({ Range: range, 'If-Range': `W/${tag}` })).status).toBe(200);
});

test.each(['bytes=10-', 'bytes=99-100', 'bytes=-0'])('there is nothing at %s', async (range) => {
  const { ask } = await start();
  const answer = await ask({ Range: range });
  expect([answer.status, answer.headers.get('content-range')]).toEqual([416, 'bytes */10']);
});

test.each(['bytes=', 'bytes=-', 'bytes=4-2', 'bytes=a-b', 'bytes=0x1-2', 'lines=0-1'])(
  'a range that says nothing gets the whole: %s',
  async (range) => {
    const { ask } = await start();
    expect(await ask({ Range: range })).toMatchObject({ status: 200, text: '0123456789' });
  },
);

test('HEAD knows no ranges', async () => {
  const { ask } = await start();
  const answer = await ask({ Range: 'bytes=0-0' }, 'HEAD');
  expect([answer.status, answer.headers.get('content-length')]).toEqual([200, '10']);
});

test('of a big file, the part that is asked for', async () => {
  const content = Array.from({ length: 100_000 }, (_, i) => String(i % 10)).join('');
  const { ask } = await start(content);
  expect((await ask({})).text).toBe(content);
  const part = await ask({ Range: 'bytes=10001-90000' });
  expect([part.status, part.text, part.isCutOff]).toEqual([206, content.slice(10_001, 90_001), false]);
});
