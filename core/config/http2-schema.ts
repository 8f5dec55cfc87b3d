import { z } from 'zod';
import { DEFAULTS } from './defaults.ts';
import * as field from './fields.ts';

/** The part of the config schema that describes HTTP/2 on a listener. */

const floods = field.object({
  resets: field
    .integer(1, 1_000_000)
    .prefault(DEFAULTS.http2.floods.resets)
    .describe('Streams that the client resets, or makes us refuse or reset.'),
  pings: field.integer(1, 1_000_000).prefault(DEFAULTS.http2.floods.pings).describe('PING frames.'),
  settings: field
    .integer(1, 1_000_000)
    .prefault(DEFAULTS.http2.floods.settings)
    .describe('SETTINGS frames behind the first one.'),
  emptyFrames: field
    .integer(1, 1_000_000)
    .prefault(DEFAULTS.http2.floods.emptyFrames)
    .describe(
      'Frames that bring nothing: DATA without content, PRIORITY, unknown types, WINDOW_UPDATE of under 128 bytes.',
    ),
  continuations: field
    .integer(1, 10_000)
    .prefault(DEFAULTS.http2.floods.continuations)
    .describe('CONTINUATION frames of one header block.'),
});

export const http2Settings = field.object({
  maxStreams: field
    .integer(1, 100_000)
    .prefault(DEFAULTS.http2.maxStreams)
    .describe('Requests under way on one connection; further ones are refused, to be tried again.'),
  window: field
    .size(1)
    .prefault(DEFAULTS.http2.window)
    .describe('How much of one request body a client may send ahead of its backend.'),
  connectionWindow: field
    .size(65_535)
    .prefault(DEFAULTS.http2.connectionWindow)
    .describe('The same for all request bodies of one connection together; at least 65535B.'),
  floods: floods
    .prefault({})
    .describe(
      'How many of these in a second, on one connection, end it: what costs a client nothing and the proxy work.',
    ),
});

export const http2 = z.union([field.flag, http2Settings], {
  error: field.wants('true, false or an object with settings'),
});
