import { z } from 'zod';
import { CODING_NAMES } from '../accept-encoding.ts';
import { choice, flag, integer, list, object, size, wants } from '../fields.ts';
import { mediaTypePattern } from '../media-types.ts';

/** What is text in truth. No images, films and archives, which are compressed already, and no gRPC, which has its own ways. */
const COMPRESSIBLE = [
  'text/*',
  'application/json',
  'application/*+json',
  'application/javascript',
  'application/ecmascript',
  'application/xml',
  'application/*+xml',
  'application/manifest+json',
  'application/x-ndjson',
  'application/jsonl',
  'application/graphql',
  'application/sql',
  'application/rtf',
  'application/wasm',
  'application/vnd.ms-fontobject',
  'application/x-javascript',
  'application/yaml',
  'application/toml',
  'font/ttf',
  'font/otf',
  'font/collection',
  'image/svg+xml',
  'image/bmp',
  'image/vnd.microsoft.icon',
  'image/x-icon',
];

const MOST_RATIO = 10_000;

const decompression = object({
  /** What a body may unpack to. */
  maxBytes: size().default(10 * 1024 * 1024),
  /** So many bytes for each that came; the first MiB is free. */
  maxRatio: integer(1, MOST_RATIO).default(100),
});

export const options = object({
  /** Where a client takes several alike: the first of these. */
  codings: list(choice(CODING_NAMES), CODING_NAMES.length)
    .min(1, { error: 'expected at least one coding' })
    .default([...CODING_NAMES]),
  types: list(mediaTypePattern()).default(COMPRESSIBLE),
  /** Answers that are known to be smaller stay as they are. */
  minSize: size(0).default(1024),
  /** 1: fast. What is dearer than these defaults is for files that are compressed once. */
  levels: object({
    gzip: integer(1, 9).default(5),
    br: integer(0, 11).default(4),
    zstd: integer(1, 19).default(3),
  }).prefault({}),
  /** Unpacks request bodies for backends that can not. */
  decompressRequests: z
    .union([decompression, flag.transform((on) => (on ? decompression.parse({}) : null))], {
      error: wants('true, false, or an object'),
    })
    .default(null),
});
export type CompressOptions = z.input<typeof options>;
export type Options = z.output<typeof options>;
export type Decompression = NonNullable<Options['decompressRequests']>;
