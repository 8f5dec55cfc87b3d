import { STATUS_CODES } from 'node:http';
import { extname } from 'node:path';
import { z } from 'zod';
import { definePlugin, type PluginAnsweredExchange } from '../api.ts';
import { flag, list, object, readText, wants } from './fields.ts';
import { readPage, render, type Template } from './templates.ts';
import { watchedFile, type WatchedFile } from './watched-file.ts';

const LARGEST_PAGE = 1024 * 1024;

interface PageType {
  readonly contentType: string;
  readonly escape: (value: string) => string;
}

const TYPES: Readonly<Record<string, PageType>> = {
  '.html': { contentType: 'text/html; charset=utf-8', escape: escapeHtml },
  '.json': { contentType: 'application/json', escape: (value) => JSON.stringify(value).slice(1, -1) },
  '.txt': { contentType: 'text/plain; charset=utf-8', escape: (value) => value },
};

const wantsStatus = wants('a status from 400 to 599, "4xx" or "5xx"');
const status = z
  .union([z.int(), z.enum(['4xx', '5xx'])], { error: wantsStatus })
  .refine((each) => typeof each === 'string' || (each >= 400 && each <= 599), { error: wantsStatus });
const options = object({
  /** The first one for a status counts; where several have it, the first one of a type that the client accepts. */
  pages: list(
    object({
      status: list(status),
      /** A .html, .json or .txt file, read again when it changes. */
      file: readText('the path of a .html, .json or .txt file', (path) =>
        Object.hasOwn(TYPES, extname(path)) ? path : undefined,
      ),
    }),
  ),
  /** Also in place of what backends answer with; else of Tidegate's own answers alone. */
  backends: flag.default(false),
});
export type ErrorPagesOptions = z.input<typeof options>;

interface Page {
  readonly statuses: readonly (number | string)[];
  readonly type: PageType;
  readonly page: WatchedFile<Template>;
}

/** Tell of the content that was there. */
const OF_CONTENT =
  /^(?:content-.*|etag|last-modified|accept-ranges|age|transfer-encoding|connection|keep-alive|proxy-.*|trailer|upgrade|date)$/i;

/** Answers with pages of one's own where something went wrong. */
export default definePlugin({
  name: 'error-pages',
  options,
  async create({ pages, backends }, context) {
    const ready = await Promise.all(
      pages.map(async ({ status: statuses, file }): Promise<Page> => {
        const type = TYPES[extname(file)];
        if (type === undefined) throw new Error(`${file} is no .html, .json or .txt file`);
        const read = async (content: Buffer, path: string): Promise<Template> => {
          try {
            return readPage(content.toString(), ['status', 'reason']);
          } catch (error) {
            throw new Error(`${path}: ${error instanceof Error ? error.message : String(error)}`, {
              cause: error,
            });
          }
        };
        return {
          statuses,
          type,
          page: await watchedFile(context, { path: file, mostBytes: LARGEST_PAGE, read }),
        };
      }),
    );
    return {
      response(exchange) {
        const { response, request } = exchange;
        if (response.status < 400 || (response.from === 'backend' && !backends)) return undefined;
        const family = `${Math.floor(response.status / 100)}xx`;
        const fitting = ready.filter(
          ({ statuses }) => statuses.includes(response.status) || statuses.includes(family),
        );
        const accepted = request.headers.get('accept');
        const page = fitting.find(({ type }) => accepts(accepted, type.contentType)) ?? fitting[0];
        return page === undefined ? undefined : { ...answer(page, exchange), status: response.status };
      },
    };
  },
});

function answer({ type, page }: Page, exchange: PluginAnsweredExchange) {
  const code = String(exchange.response.status);
  const headers: Record<string, string | readonly string[]> = {};
  for (const [name] of exchange.response.headers)
    if (!OF_CONTENT.test(name)) headers[name] = exchange.response.headers.getAll(name);
  headers['Content-Type'] = type.contentType;
  const groups = (name: string): string | null => (name === 'status' ? code : (STATUS_CODES[code] ?? ''));
  return { headers, body: render(page.value, exchange, groups, type.escape) };
}

/** Whether the type is named, by itself or with its kind; what takes anything says nothing. */
function accepts(field: string | null, contentType: string): boolean {
  const [type = ''] = contentType.split(';');
  const kind = `${type.split('/')[0] ?? ''}/*`;
  return (field ?? '').split(',').some((range) => {
    const [name = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    return (name === type || name === kind) && !parameters.some((each) => /^q=0(?:\.0*)?$/.test(each));
  });
}

function escapeHtml(value: string): string {
  return value.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
