import { access } from 'node:fs/promises';
import type { z } from 'zod';
import { definePlugin, type PluginContext, type PluginExchange } from '../api.ts';
import { conditions, findIn } from './conditions.ts';
import { cookieOf } from './cookies.ts';
import { addresses, age, fieldName, flag, integer, object, text } from './fields.ts';
import { isSecret } from './secret.ts';
import { watchedFile } from './watched-file.ts';

const LARGEST_PAGE = 1024 * 1024;

const secret = (name: string) => object({ name: text(name), value: text('a secret value') });

const options = object({
  ...conditions,
  /** Whether it is on without a `file`. */
  enabled: flag.default(true),
  /** A file that switches it: on while there is one. In place of `enabled`. */
  file: text('the path of a file').optional(),
  status: integer(400, 599).default(503),
  /** A HTML file that is sent; read again when it changes. */
  page: text('the path of a HTML file').optional(),
  /** What is sent without a page. */
  text: text('a text').default('Down for maintenance. Please come back later.\n'),
  /** The Retry-After field: how long it is thought to take. */
  retryAfter: age().default(300_000),
  /** Who gets through all the same. */
  allow: object({
    addresses: addresses().optional(),
    header: object({ name: fieldName(), value: text('a secret value') }).optional(),
    cookie: secret("a cookie's name").optional(),
  }).prefault({}),
});
export type MaintenanceOptions = z.input<typeof options>;
type Options = z.output<typeof options>;

/** Answers 503 to everybody, but for those who work on it. */
export default definePlugin({
  name: 'maintenance',
  options,
  async create(given, context) {
    const isOn = await watchSwitch(given, context);
    const page = await watchPage(given, context);
    const headers = {
      'Content-Type': given.page === undefined ? 'text/plain; charset=utf-8' : 'text/html; charset=utf-8',
      'Cache-Control': 'no-store',
      'Retry-After': String(Math.ceil(given.retryAfter / 1000)),
    };
    return {
      request(exchange) {
        if (!isOn() || findIn(given, exchange) === null || isLetThrough(given.allow, exchange))
          return undefined;
        return { status: given.status, headers, body: page() };
      },
      status: () => ({ on: isOn() }),
    };
  },
});

async function watchSwitch({ enabled, file }: Options, context: PluginContext): Promise<() => boolean> {
  if (file === undefined) return () => enabled;
  const path = context.resolve(file);
  const look = async (): Promise<boolean> => {
    try {
      await access(path);
      return true;
    } catch {
      return false;
    }
  };
  let isOn = await look();
  let looks = 0;
  context.watch(path, () => {
    const own = ++looks;
    void look().then((found) => {
      // A later look knows better.
      if (own !== looks || found === isOn) return;
      isOn = found;
      context.log.info({ file: path }, `maintenance is ${isOn ? 'on' : 'off'}`);
    });
  });
  return () => isOn;
}

async function watchPage({ page, text: usual }: Options, context: PluginContext): Promise<() => string> {
  if (page === undefined) return () => usual;
  const file = await watchedFile(context, {
    path: page,
    mostBytes: LARGEST_PAGE,
    read: async (content) => content.toString(),
  });
  return () => file.value;
}

function isLetThrough(
  { addresses: set, header, cookie }: Options['allow'],
  exchange: PluginExchange,
): boolean {
  const { request, clientAddress } = exchange;
  if (set?.has(clientAddress) === true) return true;
  if (header !== undefined && isSecret(request.headers.get(header.name), header.value)) return true;
  return cookie !== undefined && isSecret(cookieOf(request.headers, cookie.name), cookie.value);
}
