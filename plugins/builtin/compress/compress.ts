import { definePlugin, type PluginAnsweredExchange, type PluginHeaders } from '../../api.ts';
import { isEntityTag, isSameBytes, readTags, weaken } from '../entity-tags.ts';
import { MediaTypes } from '../media-types.ts';
import { addVary } from '../vary.ts';
import { chooseFor, isEventStream, type Choosing } from './choose.ts';
import { createEncoder } from './codecs.ts';
import { Compressing } from './compressing.ts';
import { Decompressing } from './decompressing.ts';
import { options, type Options } from './options.ts';
import { codingOfRequest } from './request-coding.ts';

/** Packs answers for clients that take them packed, and unpacks requests for backends that do not. */
export default definePlugin<Options>({
  name: 'compress',
  options,
  create({ codings, types, minSize, levels, decompressRequests }) {
    const choosing: Choosing = { codings, types: new MediaTypes(types), minSize };
    const sums = { compressed: 0, decompressed: 0, bytesIn: 0, bytesOut: 0 };
    return {
      request({ request }) {
        if (decompressRequests === null || !request.hasBody) return undefined;
        // A backend that is promised plain content gets no other.
        if (codingOfRequest(request.headers) !== 'unknown') return undefined;
        return {
          status: 415,
          headers: {
            'Accept-Encoding': 'zstd, br, gzip, deflate',
            'Content-Type': 'text/plain; charset=utf-8',
          },
          body: 'This content coding is not known here\n',
        };
      },

      requestBody(exchange) {
        if (decompressRequests === null) return null;
        const { headers } = exchange.request;
        const coding = codingOfRequest(headers);
        if (coding === null || coding === 'unknown') return null;
        headers.delete('content-encoding');
        sums.decompressed += 1;
        return {
          transform: new Decompressing(coding, decompressRequests, (answer) => exchange.refuse(answer)),
        };
      },

      response(exchange) {
        const { request, response } = exchange;
        if (response.status === 304) tellUnchanged(exchange);
        else if (request.method === 'HEAD') {
          const { varies, coding } = chooseFor(exchange, choosing);
          if (varies) addVary(response.headers, ['Accept-Encoding']);
          if (coding !== null) tellCoding(response.headers, coding);
        }
      },

      responseBody(exchange) {
        const { headers } = exchange.response;
        const { varies, coding } = chooseFor(exchange, choosing);
        if (varies) addVary(headers, ['Accept-Encoding']);
        if (coding === null) return null;
        const length = headers.get('content-length');
        // What is made as it goes is wanted as it goes.
        const flushes = length === null || isEventStream(headers);
        tellCoding(headers, coding);
        sums.compressed += 1;
        const open = () => createEncoder(coding, levels[coding], length === null ? null : Number(length));
        return { transform: new Compressing(open, flushes, sums) };
      },

      status: () => ({ ...sums }),
    };
  },
});

function tellCoding(headers: PluginHeaders, coding: string): void {
  headers.set('Content-Encoding', coding);
  // Ranges are of what the backend has.
  headers.delete('accept-ranges');
  const tag = headers.get('etag');
  if (tag !== null && isEntityTag(tag)) headers.set('ETag', weaken(tag));
}

/** RFC 9110 15.4.5: with the fields that the whole answer would have had, of which a 304 shows too little to know. */
function tellUnchanged({ request, response: { headers } }: PluginAnsweredExchange): void {
  addVary(headers, ['Accept-Encoding']);
  const tag = headers.get('etag');
  if (tag === null || !isEntityTag(tag)) return;
  const sent = readTags(request.headers.get('if-none-match') ?? '');
  // The client has the packed one, and asked with its tag.
  if (sent !== '*' && sent.includes(weaken(tag)) && !isSameBytes(sent, tag)) headers.set('ETag', weaken(tag));
}
