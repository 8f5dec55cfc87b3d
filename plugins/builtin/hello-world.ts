import { z } from 'zod';
import { definePlugin, textAnswer } from '../api.ts';

const options = z.strictObject({
  /** What it says. */
  text: z.string().min(1).default('Hello, world!'),
  /** The path that it answers. */
  path: z.string().startsWith('/').default('/hello'),
});

export type HelloWorldOptions = z.input<typeof options>;

/** Answers one path itself and marks all other requests and answers: a plugin to copy. */
export default definePlugin({
  name: 'hello-world',
  options,
  create({ text, path }) {
    let greeted = 0;
    return {
      request({ request }) {
        if (request.path !== path) {
          request.headers.set('x-hello', text);
          return undefined;
        }
        greeted += 1;
        return textAnswer(200, `${text}\n`);
      },
      response({ response }) {
        response.headers.set('x-hello', text);
      },
      status: () => ({ greeted }),
    };
  },
});
