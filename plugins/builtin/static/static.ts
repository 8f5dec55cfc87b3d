import { stat } from 'node:fs/promises';
import { definePlugin, textAnswer, type PluginAnswer, type PluginExchange } from '../../api.ts';
import { answerWithFile } from './answer-with-file.ts';
import { findFile, packedOr } from './find-file.ts';
import { Folder } from './folder.ts';
import { options, type Options } from './options.ts';

/** Serves the files of a folder. */
export default definePlugin<Options>({
  name: 'static',
  options,
  async create(given, context) {
    const root = context.resolve(given.root);
    // Said when the config is taken, not by every request.
    if (!(await stat(root)).isDirectory()) throw new Error(`${root} is no folder`);
    const folder = new Folder(root, given.dotFiles);
    const sums = { served: 0, missing: 0 };
    return {
      request(exchange) {
        const path = pathBelow(given.prefix, exchange.request.path);
        if (path === null) return undefined;
        const { method } = exchange.request;
        if (method === 'GET' || method === 'HEAD') return serve(exchange, path);
        return given.forwardMissing ? undefined : { ...textAnswer(405, 'Method Not Allowed\n'), ...ALLOW };
      },
      status: () => ({ ...sums }),
    };

    async function serve(exchange: PluginExchange, path: string): Promise<PluginAnswer | undefined> {
      const found = await findFile(folder, path, given);
      if (found === 'slash') return redirectToFolder(exchange);
      if (found === null) {
        sums.missing += 1;
        return given.forwardMissing ? undefined : textAnswer(404, 'Not Found\n');
      }
      sums.served += 1;
      const accepted = exchange.request.headers.get('accept-encoding');
      const { file, coding } = await packedOr(folder, found, accepted, given.precompressed);
      return answerWithFile(exchange, { file, coding }, found.path, given);
    }
  },
});

const ALLOW = { headers: { Allow: 'GET, HEAD', 'Content-Type': 'text/plain; charset=utf-8' } };

/** null: the path is not below the prefix. */
function pathBelow(prefix: string, path: string): string | null {
  if (!path.startsWith(prefix)) return null;
  const rest = path.slice(prefix.length);
  return rest === '' || rest.startsWith('/') ? rest : null;
}

/** The path holds no empty segment, so that no other host can stand at its beginning. */
function redirectToFolder({ request: { path, query } }: PluginExchange): PluginAnswer {
  return { status: 301, headers: { Location: `${path}/${query === '' ? '' : `?${query}`}` } };
}
