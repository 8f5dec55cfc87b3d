/** What `tidegate plugins new` writes: file name → text, the plugin first. */
export function pluginFiles(name: string): Readonly<Record<string, string>> {
  return { [`${name}.ts`]: plugin(name), [`${name}.test.ts`]: pluginTest(name) };
}

const plugin = (name: string): string => `import { definePlugin, textAnswer } from 'tidegate/plugins';
import { z } from 'zod';

// Trusted code: it runs in every worker, and a saved change takes effect at once.
export default definePlugin({
  name: '${name}',
  // What the config may say; any Standard Schema validator will do.
  options: z.strictObject({
    text: z.string().min(1).default('hello'),
    blocked: z.array(z.string().startsWith('/')).default([]),
  }),
  // One instance for each place of the config that it is attached to, in each worker.
  create({ text, blocked }, context) {
    context.log.info({ text }, 'created');
    let refused = 0;
    return {
      // The head of a request is there. An answer ends its way; returning nothing lets it go on.
      request({ request }) {
        if (blocked.includes(request.path)) {
          refused += 1;
          return textAnswer(403, 'Not here.\\n');
        }
        request.headers.set('x-greeting', text);
        return undefined;
      },
      // The head of the answer is there, and nothing of it is sent.
      response({ response }) {
        response.headers.set('x-greeted-by', '${name}');
      },
      // What \`tidegate plugins list\` shows.
      status: () => ({ refused }),
      // After the last exchange that uses this instance: give back what it holds.
      close() {},
    };
  },
});
`;

const pluginTest = (name: string): string => `import { expect, test } from 'vitest';
import { testPlugin } from 'tidegate/testing';
import plugin from './${name}.ts';

test('the backend and the client are greeted', async () => {
  await using tested = await testPlugin(plugin, { text: 'hi' });
  const { status, headers, request } = await tested.request({ url: '/' });
  expect(status).toBe(200);
  expect(request?.headers.get('x-greeting')).toBe('hi');
  expect(headers.get('x-greeted-by')).toBe('${name}');
});

test('a blocked path does not reach the backend', async () => {
  await using tested = await testPlugin(plugin, { blocked: ['/secret'] });
  const { status, request } = await tested.request({ url: '/secret' });
  expect(status).toBe(403);
  expect(request).toBeNull();
  expect(tested.status()).toEqual({ refused: 1 });
});

test('what the options may not be', async () => {
  await expect(testPlugin(plugin, { text: '' })).rejects.toThrow('options.text');
});
`;
