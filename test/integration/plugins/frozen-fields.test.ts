import { expect, test } from 'vitest';
import type { PluginHooks } from '../../../plugins/contract/hooks.ts';
import { chainOf } from '../../support/plugin-chain.ts';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { startProxy } from '../http1/setup.ts';

test('fields that are given again and again are the same for each request, whatever others do to them', async () => {
  const headers = Object.freeze({ 'x-list': Object.freeze(['1', '2']), etag: '"1"' });
  const answering: PluginHooks = { request: () => ({ status: 200, headers, body: 'x' }) };
  let answers = 0;
  const changing: PluginHooks = {
    response({ response }) {
      answers += 1;
      if (answers === 1) response.headers.delete('x-list');
      response.headers.append('x-answer', String(answers));
    },
  };
  const backend = await startRawBackend((request) => request.reply(ok('')));
  const proxy = await startProxy({ backendPort: backend.port, plugins: chainOf(changing, answering) });
  const client = await connectRaw(proxy.port);
  const seen: (string | null)[][] = [];
  for (let i = 0; i < 3; i++) {
    const answer = await client.request(get('/'));
    seen.push(['x-list', 'etag', 'x-answer'].map((name) => answer.header(name)));
  }
  expect(seen).toEqual([
    [null, '"1"', '1'],
    ['1, 2', '"1"', '2'],
    ['1, 2', '"1"', '3'],
  ]);
});

test('fields in a list that can still be changed are read each time', async () => {
  const list = ['1'];
  const headers = Object.freeze({ 'x-list': list });
  const backend = await startRawBackend((request) => request.reply(ok('')));
  const answering: PluginHooks = { request: () => ({ status: 200, headers, body: 'x' }) };
  const proxy = await startProxy({ backendPort: backend.port, plugins: chainOf(answering) });
  const client = await connectRaw(proxy.port);
  expect((await client.request(get('/'))).header('x-list')).toBe('1');
  list.push('2');
  expect((await client.request(get('/'))).header('x-list')).toBe('1, 2');
});
