import { gunzipSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { definePlugin } from '../../../../plugins/api.ts';
import type { BodyHook, BodyTransform } from '../../../../plugins/api.ts';
import { testPlugin } from '../../../../plugins/testing.ts';

const answering = (hook: (transform: { closed: number }) => BodyHook) => {
  const state = { closed: 0 };
  const tested = testPlugin(
    definePlugin({
      name: 'test',
      options: z.object({}),
      create: () => ({ responseBody: () => hook(state) }),
    }),
  );
  return { state, tested };
};

const upperCase = (state: { closed: number }): BodyTransform => ({
  data: (piece, push) => push(Buffer.from(Buffer.from(piece).toString().toUpperCase())),
  end: (push) => push(Buffer.from('!')),
  close: () => state.closed++,
});

test('a body passes through the transform, without the length that is no longer true', async () => {
  const { tested, state } = answering((own) => ({ transform: upperCase(own) }));
  await using plugin = await tested;
  const answer = await plugin.request({}, { body: 'abc' });
  expect(answer.text).toBe('ABC!');
  expect(answer.headers.has('content-length')).toBe(false);
  expect(state.closed).toBe(1);
});

test('a transform that waits is waited for, and flushed where the sender pauses', async () => {
  const { tested } = answering(() => {
    let held = '';
    return {
      transform: {
        data: async (piece) => {
          held += Buffer.from(piece).toString();
          await Promise.resolve();
        },
        flush: (push) => {
          push(Buffer.from(held));
          held = '';
        },
        end: (push) => push(Buffer.from(held)),
      },
    };
  });
  await using plugin = await tested;
  const { pieces } = await plugin.request({}, { body: ['a', 'b', null, 'c', 'd'] });
  expect(pieces.map((piece) => Buffer.from(piece).toString())).toEqual(['ab', 'cd']);
});

test('a transform that keeps a piece without a copy is found out', async () => {
  const { tested } = answering(() => {
    const kept: Uint8Array[] = [];
    return {
      transform: {
        data: (piece) => {
          kept.push(piece);
        },
        end: (push) => kept.forEach(push),
      },
    };
  });
  await using plugin = await tested;
  expect((await plugin.request({}, { body: 'abc' })).text).toBe('???');
});

test('a decoded body is decoded and encoded again', async () => {
  const { tested } = answering((own) => ({ transform: upperCase(own), decoded: true }));
  await using plugin = await tested;
  const headers = { 'Content-Encoding': 'gzip' };
  const answer = await plugin.request({}, { body: gzipSync('abc'), headers });
  expect(gunzipSync(answer.body).toString()).toBe('ABC!');
  await expect(plugin.request({}, { body: 'x', headers: { 'Content-Encoding': 'x-own' } })).rejects.toThrow(
    'x-own',
  );
});

test('a length that is not kept to is found out', async () => {
  const { tested } = answering((own) => ({ transform: upperCase(own), length: 'same' }));
  await using plugin = await tested;
  await expect(plugin.request({}, { body: 'abc' })).rejects.toThrow('3 bytes leave, and 4 left');
});

test('the body of a request passes too', async () => {
  await using plugin = await testPlugin(
    definePlugin({
      name: 'test',
      options: z.object({}),
      create: () => ({ requestBody: () => ({ transform: upperCase({ closed: 0 }), length: 4 }) }),
    }),
  );
  const { request } = await plugin.request({ method: 'POST', body: 'abc' });
  expect(request?.text).toBe('ABC!');
  expect(request?.headers.get('content-length')).toBe('4');
});
