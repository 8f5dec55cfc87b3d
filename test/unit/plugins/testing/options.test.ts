import { expect, test } from 'vitest';
import { z } from 'zod';
import { definePlugin } from '../../../../plugins/api.ts';
import { testPlugin } from '../../../../plugins/testing.ts';

const greeting = definePlugin({
  name: 'greeting',
  options: z.strictObject({
    text: z.string().default('hello'),
    languages: z.array(z.strictObject({ code: z.string() })).default([]),
  }),
  create: ({ text }) => {
    if (text === 'fail') throw new Error('no greeting');
    return {
      request: (exchange) => exchange.request.headers.set('X-Greeting', text),
    };
  },
});

test('an instance is made with the defaults of its options', async () => {
  await using tested = await testPlugin(greeting);
  const { request } = await tested.request();
  expect(request?.headers.get('x-greeting')).toBe('hello');
});

test('wrong options are refused with what is wrong with them and where', async () => {
  await expect(testPlugin(greeting, { languages: [{ code: 'en' }, { code: 7 }], txt: '' })).rejects.toThrow(
    /^greeting: options\.languages\.1\.code: .*expected string.*\noptions: .*"txt"/,
  );
});

test('what create throws comes through', async () => {
  await expect(testPlugin(greeting, { text: 'fail' })).rejects.toThrow('no greeting');
});
