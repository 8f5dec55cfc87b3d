import { expect, test } from 'vitest';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { runTidegate } from '../../support/tidegate-process.ts';
import { ask, http2Session } from './setup.ts';

test('a reload drops no stream: the session goes on, and its next request sees the new config', async () => {
  const backend = await startRawBackend((request) => {
    if (request.target !== '/slow') request.reply(ok('hello'));
  });
  const config = (http2: string, target: string): string =>
    `listeners: [{ name: web, address: '127.0.0.1:0', upstream: site, http2: ${http2}, limits: { target: ${target} } }]\n` +
    `upstreams: { site: { backends: [{ address: '127.0.0.1:${backend.port}' }] } }\nworkers: 1\n`;
  const tidegate = await runTidegate({
    files: { 'tidegate.config.yaml': config('true', '1KiB') },
    workers: 'real',
  });
  const session = http2Session(Number(new URL(await tidegate.url()).port));
  const slow = ask(session, { ':path': '/slow' });
  const request = await backend.request(0);
  // Not even taking HTTP/2 away ends a session.
  for (const http2 of ['{ maxStreams: 10 }', 'false']) {
    await tidegate.write('tidegate.config.yaml', config(http2, '20B'));
    expect((await tidegate.command('reload')).status).toBe(0);
  }
  expect((await ask(session, { ':path': `/${'a'.repeat(50)}` })).status).toBe(414);
  request.reply(ok('at last'));
  expect(await slow).toMatchObject({ status: 200, body: 'at last' });
});
