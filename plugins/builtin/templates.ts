import { z } from 'zod';
import { didYouMean, type PluginExchange } from '../api.ts';
import { cookieOf } from './cookies.ts';
import { wants } from './fields.ts';
import type { Groups } from './patterns.ts';

/** Text with placeholders in braces: `/v2{path}`. */
export interface Template {
  readonly parts: readonly (string | Placeholder)[];
}

interface Placeholder {
  readonly name: string;
  /** Looked up among what a pattern found. */
  readonly isGroup: boolean;
  readonly read: (exchange: PluginExchange) => string;
}

type Read = Placeholder['read'];

/** What stands for what, all as received: a value of the query keeps its escapes. */
const VALUES: Readonly<Record<string, Read>> = {
  method: ({ request }) => request.method,
  scheme: ({ request }) => request.scheme,
  host: ({ request }) => request.host,
  hostname: ({ request }) => hostnameOf(request.host),
  target: ({ request }) => request.target,
  path: ({ request }) => request.path,
  query: ({ request }) => request.query,
  client_address: ({ clientAddress }) => clientAddress,
  peer_address: ({ connection }) => connection.address,
  local_port: ({ connection }) => String(connection.localPort),
  listener: ({ connection }) => connection.listener,
  server_name: ({ connection }) => connection.tls?.serverName ?? '',
  tls_protocol: ({ connection }) => connection.tls?.protocol ?? '',
  tls_cipher: ({ connection }) => connection.tls?.cipher ?? '',
  request_id: ({ id }) => id,
  upstream: ({ upstream }) => upstream ?? '',
  backend: ({ backend }) => backend ?? '',
  time: () => new Date().toISOString(),
};
const FAMILIES: Readonly<Record<string, (name: string) => Read>> = {
  header:
    (name) =>
    ({ request }) =>
      request.headers.get(name) ?? '',
  cookie:
    (name) =>
    ({ request }) =>
      cookieOf(request.headers, name) ?? '',
  query:
    (name) =>
    ({ request }) =>
      queryValue(request.query, name) ?? '',
};
const EXPECTED = 'text with placeholders like "{path}"';
const LONGEST = 4096;

/** `more`: names of placeholders that stand for what the plugin itself gives as groups. */
export function template(more: readonly string[] = []) {
  return z
    .string({ error: wants(EXPECTED) })
    .max(LONGEST, { error: `expected at most ${LONGEST} characters` })
    .transform((source, context) => {
      const read = readTemplate(source, more);
      if (typeof read !== 'string') return read;
      context.addIssue({ code: 'custom', message: read });
      return z.NEVER;
    });
}

/** `{{` and `}}` are braces. @returns what is wrong with it as a string */
function readTemplate(source: string, more: readonly string[]): Template | string {
  const parts: (string | Placeholder)[] = [];
  let text = '';
  for (const [piece, name] of source.matchAll(/\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+/g)) {
    if (name === undefined) {
      if (piece === '{' || piece === '}')
        return `a single ${piece} in ${JSON.stringify(source)}; {{ and }} stand for braces`;
      text += piece === '{{' ? '{' : piece === '}}' ? '}' : piece;
      continue;
    }
    const placeholder = placeholderOf(name, more);
    if (placeholder === null) return unknownPlaceholder(`{${name}}`, name, more);
    if (text !== '') parts.push(text);
    text = '';
    parts.push(placeholder);
  }
  if (text !== '') parts.push(text);
  return { parts };
}

/** A page with placeholders in two braces, since CSS has single ones: `<h1>{{status}}</h1>`. Throws an Error for one that there is not. */
export function readPage(page: string, more: readonly string[]): Template {
  const parts: (string | Placeholder)[] = [];
  let end = 0;
  for (const match of page.matchAll(/\{\{\s*([\w.-]+)\s*\}\}/g)) {
    const [whole, name = ''] = match;
    const placeholder = placeholderOf(name, more);
    if (placeholder === null) throw new Error(unknownPlaceholder(`{{${name}}}`, name, more));
    parts.push(page.slice(end, match.index), placeholder);
    end = match.index + whole.length;
  }
  parts.push(page.slice(end));
  return { parts };
}

function unknownPlaceholder(written: string, name: string, more: readonly string[]): string {
  const families = Object.keys(FAMILIES).map((family) => `${family}.NAME`);
  const known = [...Object.keys(VALUES), ...families, ...more];
  return `there is no placeholder ${written}${didYouMean(name, known) || `; there are ${known.join(', ')}`}`;
}

function placeholderOf(name: string, more: readonly string[]): Placeholder | null {
  if (more.includes(name)) return { name, isGroup: true, read: () => '' };
  const value = Object.hasOwn(VALUES, name) ? VALUES[name] : undefined;
  if (value !== undefined) return { name, isGroup: false, read: value };
  const [, family = '', rest = ''] = /^(\w+)\.([^\s,;=]+)$/.exec(name) ?? [];
  if (family === 'match') return { name: rest, isGroup: true, read: () => '' };
  const member = Object.hasOwn(FAMILIES, family) ? FAMILIES[family] : undefined;
  if (member !== undefined) return { name, isGroup: false, read: member(rest) };
  return /^\d{1,2}$/.test(name) ? { name, isGroup: true, read: () => '' } : null;
}

/** The placeholders `{1}` and `{match.NAME}`, which a pattern has to give. */
export function groupsOf(given: Template): string[] {
  return given.parts.flatMap((part) => (typeof part !== 'string' && part.isGroup ? [part.name] : []));
}

export function hasValue(given: Template, name: string): boolean {
  return given.parts.some((part) => typeof part !== 'string' && part.name === name);
}

/** `escape`: what is done to each value, but not to the text around it. */
export function render(
  given: Template,
  exchange: PluginExchange,
  groups: Groups | null = null,
  escape: (value: string) => string = (value) => value,
): string {
  let text = '';
  for (const part of given.parts) {
    if (typeof part === 'string') text += part;
    else text += escape(part.isGroup ? (groups?.(part.name) ?? '') : part.read(exchange));
  }
  return text;
}

/** What may not stand in a URL, and `#`, behind which another part of it begins. */
const NO_URL = /[^\x21\x24-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7a~]/gu;

/** Percent-encodes (as UTF-8) what may not stand in a URL, and these characters besides. */
export function encodeForUrl(text: string, besides = ''): string {
  return text
    .toWellFormed()
    .replaceAll(besides === '' ? NO_URL : /./gsu, (character) =>
      character.match(NO_URL) !== null || besides.includes(character)
        ? encodeCharacter(character)
        : character,
    );
}

function encodeCharacter(character: string): string {
  return Buffer.from(character).reduce(
    (text, byte) => `${text}%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
    '',
  );
}

export function hostnameOf(host: string): string {
  return host.replace(/:\d*$/, '');
}

/** As it stands in the query; null where there is none of this name. */
function queryValue(query: string, name: string): string | null {
  for (const pair of query.split('&')) {
    const equals = pair.indexOf('=');
    if (decoded(equals === -1 ? pair : pair.slice(0, equals)) === name)
      return equals === -1 ? '' : pair.slice(equals + 1);
  }
  return null;
}

/** A name in a query, as forms write it. */
export function decoded(text: string): string {
  if (!/[%+]/.test(text)) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
