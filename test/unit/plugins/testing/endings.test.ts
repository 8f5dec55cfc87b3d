import { expect, test } from 'vitest';
import { z } from 'zod';
import { definePlugin } from '../../../../plugins/api.ts';
import type { PluginHooks } from '../../../../plugins/api.ts';
import { testPlugin } from '../../../../plugins/testing.ts';

const of = (hooks: PluginHooks) =>
  testPlugin(definePlugin({ name: 'test', options: z.object({}), create: () => hooks }));

test('refuse in the transform of a request’s body answers, and the backend sees nothing', async () => {
  let closed = 0;
  await using tested = await of({
    requestBody: (exchange) => ({
      transform: {
        data: () => exchange.refuse({ status: 413, body: 'too much' }),
        end: () => expect.unreachable('it has ended'),
        close: () => closed++,
      },
    }),
  });
  const answer = await tested.request({ method: 'POST', body: 'abc' });
  expect(answer).toMatchObject({ status: 413, text: 'too much', request: null });
  expect(closed).toBe(1);
});

test('refuse after an answer has begun cuts it off', async () => {
  await using tested = await of({
    responseBody: (exchange) => ({
      transform: {
        data: (piece, push) => {
          if (Buffer.from(piece).toString() === 'b') exchange.refuse({ status: 500 });
          else push(piece);
        },
      },
    }),
  });
  expect(await tested.request({}, { body: ['a', 'b', 'c'] })).toMatchObject({
    status: 200,
    text: 'a',
    isCutOff: true,
  });
  expect(await tested.request({}, { body: ['b'] })).toMatchObject({ status: 500, isCutOff: false });
});

test('abort ends it without an answer', async () => {
  const seen: unknown[] = [];
  await using tested = await of({
    request: (exchange) => exchange.abort(),
    log: ({ status }) => seen.push(status),
  });
  expect(await tested.request()).toMatchObject({ status: null, request: null });
  expect(seen).toEqual([null]);
});

test('a client that goes away ends what a hook waits for', async () => {
  const gone = new AbortController();
  await using tested = await of({
    request: async (exchange) => {
      setImmediate(() => gone.abort());
      await new Promise((resolve) => exchange.signal.addEventListener('abort', resolve));
    },
  });
  expect(await tested.request({ signal: gone.signal })).toMatchObject({ status: null, request: null });
});

test('a streamed answer that breaks, or is of another length than it said, is cut off', async () => {
  await using tested = await of({
    request: ({ request }) => ({
      status: 200,
      body: (async function* () {
        yield Buffer.from('abc');
        if (request.path === '/broken') throw new Error('broken');
      })(),
      ...(request.path === '/long' ? { length: 2 } : {}),
    }),
  });
  expect(await tested.request({ url: '/broken' })).toMatchObject({ text: 'abc', isCutOff: true });
  expect(await tested.request({ url: '/long' })).toMatchObject({ isCutOff: true });
  expect(await tested.request()).toMatchObject({ text: 'abc', isCutOff: false });
});
