import { once } from 'node:events';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { definePlugin } from '../../../../plugins/api.ts';
import type { PluginContext } from '../../../../plugins/api.ts';
import { TestSiblings, testPlugin, type TestPluginSetting } from '../../../../plugins/testing.ts';

async function contextOf(setting: TestPluginSetting = {}) {
  let context: PluginContext | undefined;
  let closed = 0;
  const plugin = definePlugin({
    name: 'test',
    options: z.object({}),
    create: (_, given) => {
      context = given;
      return {
        provide: { 'test.service': 7 },
        status: () => ({ closed }),
        close: () => {
          closed++;
        },
      };
    },
  });
  const tested = await testPlugin(plugin, {}, setting);
  if (context === undefined) throw new Error('create was not called');
  return { tested, context };
}

test('siblings hear each other, and not themselves', async () => {
  const siblings = new TestSiblings();
  const first = await contextOf({ siblings });
  const second = await contextOf({ siblings });
  expect(first.context.siblings.workers).toBe(2);
  first.context.siblings.onMessage(() => expect.unreachable('its own message'));
  const heard = new Promise((done) => second.context.siblings.onMessage(done));
  first.context.siblings.send({ a: [1] });
  expect(await heard).toEqual({ a: [1] });
  expect(() => first.context.siblings.send('x'.repeat(65_536))).toThrow(RangeError);
  await second.tested.close();
  expect(first.context.siblings.workers).toBe(1);
});

test('the log is kept', async () => {
  const { tested, context } = await contextOf();
  context.log.warn({ a: 1 }, 'odd');
  expect(tested.logs).toEqual([{ level: 'warn', fields: { a: 1 }, message: 'odd' }]);
});

test('a watched file is said to have changed', async () => {
  const { tested, context } = await contextOf({ folder: '/etc/test' });
  let changes = 0;
  context.watch('users', () => changes++);
  tested.fileChanged('/etc/test/users');
  expect(changes).toBe(1);
  expect(context.resolve('users')).toBe(resolve('/etc/test/users'));
  expect(() => tested.fileChanged('other')).toThrow('other');
});

test('requests of its own are answered by the test', async () => {
  const { context } = await contextOf({
    upstreams: ['auth'],
    request: ({ target }) => ({ status: 401, headers: { 'x-target': target }, body: 'no' }),
  });
  const answer = await context.request({ upstream: 'auth', target: '/check' });
  const pieces: Uint8Array[] = [];
  for await (const piece of answer.body) pieces.push(piece);
  expect(answer.status).toBe(401);
  expect(answer.headers.get('X-Target')).toBe('/check');
  expect(Buffer.concat(pieces).toString()).toBe('no');
  await expect(context.request({ upstream: 'other', target: '/' })).rejects.toThrow('other');
});

test('services, status and close', async () => {
  const { tested, context } = await contextOf({ services: { geo: 'lookup' } });
  expect(context.service('geo')).toBe('lookup');
  expect(context.service('other')).toBeUndefined();
  expect(tested.provides).toEqual({ 'test.service': 7 });
  const aborted = once(context.signal, 'abort');
  await tested.close();
  await tested.close();
  await aborted;
  expect(tested.status()).toEqual({ closed: 1 });
});
