import type { TidegateProcess } from './tidegate-process.ts';

/** A plugin module that answers `/tell` with its version, its options and whose instance it is, and logs its life. */
export function teller(
  text: string,
  more: { readonly create?: string; readonly hooks?: string } = {},
): string {
  return `
import { definePlugin, textAnswer } from 'tidegate/plugins';
const options = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: ({ word = 'none' }) =>
      typeof word === 'string' ? { value: { word } } : { issues: [{ path: ['word'], message: 'expected a string' }] },
  },
};
export default definePlugin({
  name: 'teller',
  options,
  async create({ word }, context) {
    const born = Math.random();
    context.log.info({ text: '${text}' }, 'teller created');
    ${more.create ?? ''}
    return {
      ${more.hooks ?? ''}
      request({ request }) {
        if (request.path !== '/tell') return undefined;
        return textAnswer(200, JSON.stringify({ text: '${text}', word, born, pid: process.pid }));
      },
      response({ response }) { response.headers.set('x-text', '${text}'); },
      close() { context.log.info({ text: '${text}' }, 'teller closed'); },
    };
  },
});
`;
}

export interface Told {
  readonly text: string;
  readonly word: string;
  readonly born: number;
  readonly pid: number;
}

export async function told(tidegate: TidegateProcess): Promise<Told> {
  const answer = await fetch(`${await tidegate.url()}/tell`, { headers: { connection: 'close' } });
  return JSON.parse(await answer.text());
}
