import type { z } from 'zod';
import { CODING_NAMES } from '../accept-encoding.ts';
import { choice, flag, list, object, readText, record, text } from '../fields.ts';
import { FilePattern } from './file-pattern.ts';

const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:\s*;\s*[\w!#$&^.+-]+=[\w!#$&^.+-]+)*$/;

const fileName = readText('the name of a file', (name) =>
  /^[^/\\\0]+$/.test(name) && name !== '.' && name !== '..' ? name : undefined,
);

export const options = object({
  /** The folder, relative to that of the config. */
  root: text('the path of a folder'),
  /** What the paths of requests have in front that paths in the folder have not; others are not for this plugin. */
  prefix: readText('a path like "/assets"', (path) =>
    /^\/[^?#\s]*$/.test(path) ? path.replace(/\/+$/, '') : undefined,
  ).default(''),
  /** What is served for a folder: the first of these that is there. */
  index: list(fileName, 20).default(['index.html']),
  /** Where there is no such file: the first of these that is there; `{path}` is what was asked for. */
  try: list(
    readText('a path like "{path}.html" or "/index.html"', (path) =>
      /^(?:\/|\{path\})[^\s?#]*$/.test(path) ? path : undefined,
    ),
    20,
  ).default([]),
  /** What is not there goes on to rules, routes and upstream, and so do methods but GET and HEAD. */
  forwardMissing: flag.default(false),
  /** Serves `.br`, `.gz` and `.zst` beside a file in its place; where a client takes several alike, the first of these. */
  precompressed: list(choice(CODING_NAMES), CODING_NAMES.length).default([]),
  /** The first one that fits a file. */
  cacheControl: list(
    object({
      files: readText('a pattern like "/assets/*" or "*.html"', (pattern) =>
        /^[/*]/.test(pattern) ? new FilePattern(pattern) : undefined,
      ),
      value: readText('what Cache-Control says', (value) =>
        /^[\x21-\x7e][\x20-\x7e]*$/.test(value) ? value : undefined,
      ),
    }),
  ).default([]),
  /** By the end of the name. */
  types: record(
    readText('the end of a file name, like ".webmanifest"', (end) =>
      /^\.[^./\\\s]+$/.test(end) ? end.toLowerCase() : undefined,
    ),
    readText('a media type like "text/html; charset=utf-8"', (type) =>
      MEDIA_TYPE.test(type) ? type : undefined,
    ),
  ).default({}),
  /** Whether files and folders whose names begin with a dot are served. */
  dotFiles: flag.default(false),
});
export type StaticOptions = z.input<typeof options>;
export type Options = z.output<typeof options>;
