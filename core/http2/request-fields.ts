import { randomBytes } from 'node:crypto';
import { HeaderList } from '../exchange/headers.ts';
import { CHUNKED_BODY, NO_BODY, type BodyFraming, type ReceivedRequest } from '../exchange/streams.ts';
import { TARGET, TOKEN, excerpt, isAll } from '../http1/characters.ts';
import { MalformedError } from '../http1/parse-fields.ts';
import { parseAuthority } from '../http1/request-target.ts';
import { ProxyError } from '../shared/errors.ts';
import { ErrorCode, streamError, type Http2Error } from './errors.ts';
import { checkField, parseLength } from './fields.ts';
import type { HeaderBlock } from './header-block.ts';

interface PseudoFields {
  method: string | null;
  scheme: string | null;
  path: string | null;
  authority: string | null;
  /** RFC 8441 4. */
  protocol: string | null;
}

/**
 * Reads a request's header block. Whatever RFC 9113 8.2 and 8.3 call malformed is refused, and what HTTP/1.1
 * could not carry unambiguously; the fields get the shape that those of HTTP/1.1 have: Host first, one Cookie.
 * @param isEnd whether the request has no body
 * @throws Http2Error PROTOCOL_ERROR of the stream for what is malformed; ProxyError for what is answered with a status
 */
export function readRequest(block: HeaderBlock, isEnd: boolean, targetBytes: number): ReceivedRequest {
  try {
    return read(block, isEnd, targetBytes);
  } catch (error) {
    if (error instanceof MalformedError) throw malformed(error.message);
    throw error;
  }
}

function read(block: HeaderBlock, isEnd: boolean, targetBytes: number): ReceivedRequest {
  const pseudo: PseudoFields = { method: null, scheme: null, path: null, authority: null, protocol: null };
  const fields = new HeaderList();
  let hostField: string | null = null;
  let contentLength: string | null = null;
  let cookie = -1;
  let expectsContinue = false;
  let pseudoAllowed = true;
  // `:authority` takes Host's place, which is the first one.
  fields.append('host', '');
  for (let i = 0; i < block.names.length; i++) {
    const name = block.names[i] ?? '';
    const value = block.values[i] ?? '';
    if (name.charCodeAt(0) === 0x3a) {
      if (!pseudoAllowed) throw malformed('a pseudo-header field behind others');
      setPseudo(pseudo, name, value);
      continue;
    }
    pseudoAllowed = false;
    checkField(name, value);
    switch (name) {
      case 'host':
        if (hostField !== null) throw malformed('more than one host');
        hostField = value;
        continue;
      case 'content-length':
        if (contentLength !== null) throw malformed('more than one content-length');
        contentLength = value;
        break;
      case 'cookie':
        // RFC 9113 8.2.3: crumbs are one field again for whoever is no HTTP/2.
        if (cookie !== -1) {
          fields.values[cookie] = `${fields.values[cookie]}; ${value}`;
          continue;
        }
        cookie = fields.length;
        break;
      case 'expect':
        if (value.toLowerCase() === '100-continue') expectsContinue = true;
        break;
      case 'te':
        // RFC 9113 8.2.2.
        if (value.toLowerCase() !== 'trailers') throw malformed('te other than trailers');
        break;
      default:
    }
    fields.append(name, value);
  }
  if (block.isTooLarge)
    throw new ProxyError('request-head-too-large', 'client', 'the header list is larger than allowed');

  const { method, protocol } = pseudo;
  if (method === null || !isAll(TOKEN, method)) throw malformed(':method is missing or no token');
  const authority = pseudo.authority === null ? null : parseAuthority(pseudo.authority);
  const host = authority ?? (hostField === null ? null : parseAuthority(hostField));
  if (host === null) throw malformed('neither :authority nor host');
  if (hostField !== null && parseAuthority(hostField) !== host)
    throw malformed('host differs from :authority');
  const target = readTarget(pseudo, method, targetBytes);
  fields.values[0] = host;
  if (protocol !== null) {
    if (method !== 'CONNECT') throw malformed(':protocol without CONNECT');
    if (isEnd || contentLength !== null) throw malformed('a CONNECT that is no tunnel');
    return webSocketRequest(protocol, target, host, fields);
  }
  const framing = bodyFraming(contentLength, isEnd);
  return {
    head: {
      method,
      target,
      host,
      version: 'HTTP/2.0',
      headers: fields,
      framing,
      nominated: null,
      upgrade: null,
      expectsContinue: expectsContinue && framing.kind !== 'none',
    },
    fieldText: fields.toText(),
  };
}

function setPseudo(pseudo: PseudoFields, name: string, value: string): void {
  const key = PSEUDO_KEYS.get(name);
  if (key === undefined) throw malformed(`the pseudo-header field ${excerpt(name)}`);
  if (pseudo[key] !== null) throw malformed(`more than one ${name}`);
  pseudo[key] = value;
}

const PSEUDO_KEYS: ReadonlyMap<string, keyof PseudoFields> = new Map([
  [':method', 'method'],
  [':scheme', 'scheme'],
  [':path', 'path'],
  [':authority', 'authority'],
  [':protocol', 'protocol'],
]);

/** Origin-form, `*`, or for a plain CONNECT its authority (RFC 9113 8.3.1, 8.5). */
function readTarget(
  { scheme, path, authority, protocol }: PseudoFields,
  method: string,
  most: number,
): string {
  if (method === 'CONNECT' && protocol === null) {
    if (scheme !== null || path !== null || authority === null)
      throw malformed('CONNECT with :scheme or :path, or without :authority');
    return authority;
  }
  if (scheme !== 'http' && scheme !== 'https') throw malformed(':scheme is neither http nor https');
  if (path === null || !isAll(TARGET, path)) throw malformed(':path is missing or holds what no path may');
  if (path.charCodeAt(0) !== 0x2f && !(path === '*' && method === 'OPTIONS'))
    throw malformed(':path does not begin with a slash');
  if (path.length > most) {
    const message = `the target has ${path.length} bytes, more than ${most}`;
    throw new ProxyError('request-target-too-long', 'client', message);
  }
  return path;
}

function bodyFraming(contentLength: string | null, isEnd: boolean): BodyFraming {
  if (contentLength === null) return isEnd ? NO_BODY : CHUNKED_BODY;
  const bytes = parseLength(contentLength);
  if (isEnd && bytes !== 0) throw malformed(`content-length ${bytes} of a request without DATA`);
  return { kind: 'length', bytes };
}

/** RFC 8441 5: becomes the handshake of RFC 6455, with a key of our own, since the client has none to send. */
function webSocketRequest(
  protocol: string,
  target: string,
  host: string,
  headers: HeaderList,
): ReceivedRequest {
  if (protocol !== 'websocket')
    throw new ProxyError('protocol-unsupported', 'client', `CONNECT for ${excerpt(protocol)}`);
  headers.set('sec-websocket-key', randomBytes(16).toString('base64'));
  headers.append('connection', 'Upgrade');
  headers.append('upgrade', 'websocket');
  return {
    head: {
      method: 'GET',
      target,
      host,
      version: 'HTTP/2.0',
      headers,
      framing: NO_BODY,
      nominated: null,
      upgrade: 'websocket',
      expectsContinue: false,
    },
    fieldText: headers.toText(),
  };
}

function malformed(what: string): Http2Error {
  return streamError(ErrorCode.ProtocolError, what);
}
