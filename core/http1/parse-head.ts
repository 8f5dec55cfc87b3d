import { HeaderKind } from '../exchange/headers.ts';
import type { ReceivedRequest, ResponseHead } from '../exchange/streams.ts';
import { ProxyError } from '../shared/errors.ts';
import { requestFraming, responseFraming } from './body-framing.ts';
import { FIELD_VALUE, TARGET, TOKEN, hex, isAll, listElements } from './characters.ts';
import { MalformedError, TooManyFieldsError, parseFields } from './parse-fields.ts';
import { parseAuthority, parseTarget } from './request-target.ts';

export interface RequestLimits {
  readonly headers: number;
  readonly targetBytes: number;
}

/** A request head with what only its connection needs to know. */
export interface ParsedRequest extends ReceivedRequest {
  /** Whether the client can take another exchange on this connection (RFC 9112 9.3). */
  readonly keepAlive: boolean;
}

export interface ParsedResponse {
  readonly head: ResponseHead;
  readonly keepAlive: boolean;
  /** The protocol of a 101, lower case, or null. */
  readonly upgrade: string | null;
}

/**
 * Parses a request head: everything before the empty line, decoded as latin1, without a final CRLF.
 * Whatever RFC 9112 calls an error, or lets recipients read in two ways, is refused.
 * @throws ProxyError with source 'client'
 */
export function parseRequestHead(text: string, limits: RequestLimits): ParsedRequest {
  try {
    return parseRequest(text, limits);
  } catch (error) {
    if (error instanceof MalformedError) throw new ProxyError('request-malformed', 'client', error.message);
    if (error instanceof TooManyFieldsError)
      throw new ProxyError('request-head-too-large', 'client', error.message);
    throw error;
  }
}

function parseRequest(text: string, limits: RequestLimits): ParsedRequest {
  const lineEnd = text.indexOf('\r\n');
  const line = lineEnd === -1 ? text : text.slice(0, lineEnd);
  const methodEnd = line.indexOf(' ');
  const targetEnd = line.indexOf(' ', methodEnd + 1);
  if (methodEnd <= 0 || targetEnd === -1) {
    throw new MalformedError('the request line is not "METHOD TARGET HTTP/1.1"');
  }
  const method = line.slice(0, methodEnd);
  const rawTarget = line.slice(methodEnd + 1, targetEnd);
  const version = requestVersion(line.slice(targetEnd + 1));
  if (!isAll(TOKEN, method)) throw new MalformedError('the method is not a token');
  if (rawTarget.length > limits.targetBytes) {
    throw new ProxyError(
      'request-target-too-long',
      'client',
      `the target has ${rawTarget.length} bytes, more than ${limits.targetBytes}`,
    );
  }
  if (!isAll(TARGET, rawTarget)) throw new MalformedError(targetComplaint(rawTarget));

  const fieldsStart = lineEnd === -1 ? text.length : lineEnd + 2;
  const headers = parseFields(text, fieldsStart, limits.headers);

  let hostField: string | null = null;
  let contentLength: string | null = null;
  let transferEncoding: string | null = null;
  let connection: ConnectionOptions = NO_OPTIONS;
  let upgradeField: string | null = null;
  let expectsContinue = false;
  const { kinds, values } = headers;
  for (let i = 0; i < kinds.length; i++) {
    const value = values[i] ?? '';
    switch (kinds[i]) {
      case HeaderKind.Host:
        // RFC 9112 3.2: more than one Host is an error whatever they say.
        if (hostField !== null) throw new MalformedError('more than one Host');
        hostField = value;
        break;
      case HeaderKind.ContentLength:
        // RFC 9112 6.3 rule 5 allows to collapse equal values; nobody honest sends them.
        if (contentLength !== null) throw new MalformedError('more than one Content-Length');
        contentLength = value;
        break;
      case HeaderKind.TransferEncoding:
        transferEncoding = transferEncoding === null ? value : `${transferEncoding}, ${value}`;
        break;
      case HeaderKind.Connection:
        connection = readConnection(value, connection);
        break;
      case HeaderKind.Upgrade:
        upgradeField = upgradeField === null ? value : `${upgradeField}, ${value}`;
        break;
      case HeaderKind.Expect:
        // RFC 9110 10.1.1: an expectation other than 100-continue may be ignored; it is forwarded as it came.
        if (value.toLowerCase() === '100-continue') expectsContinue = version === 'HTTP/1.1';
        break;
      default:
    }
  }

  if (hostField === null && version === 'HTTP/1.1') throw new MalformedError('Host is missing');
  const host = hostField === null ? null : parseAuthority(hostField);
  const target = parseTarget(method, rawTarget, host);
  const framing = requestFraming(contentLength, transferEncoding, version);
  const upgrade =
    connection.upgrade && upgradeField !== null && version === 'HTTP/1.1'
      ? tunnelledProtocol(upgradeField)
      : null;
  if (upgrade !== null && (method !== 'GET' || framing.kind !== 'none')) {
    throw new MalformedError('a WebSocket handshake must be a GET without a body');
  }
  return {
    head: {
      method,
      target: target.originForm,
      host: target.host,
      version,
      headers,
      framing,
      nominated: connection.nominated,
      upgrade,
      expectsContinue: expectsContinue && framing.kind !== 'none',
    },
    fieldText: text.slice(fieldsStart),
    // What follows a CONNECT may already be meant for the tunnel that is refused, and is not to be taken for requests.
    keepAlive: !connection.close && method !== 'CONNECT' && (version === 'HTTP/1.1' || connection.keepAlive),
  };
}

function requestVersion(text: string): 'HTTP/1.0' | 'HTTP/1.1' {
  if (text === 'HTTP/1.1') return 'HTTP/1.1';
  if (text === 'HTTP/1.0') return 'HTTP/1.0';
  // RFC 9112 2.3: the name is case-sensitive, both numbers are one digit.
  if (!/^HTTP\/[0-9]\.[0-9]$/.test(text))
    throw new MalformedError('the request line does not end with an HTTP version');
  // RFC 9110 2.5: a higher minor version is understood as the highest one that we know.
  if (text.startsWith('HTTP/1.')) return 'HTTP/1.1';
  throw new ProxyError('version-unsupported', 'client', `${text} on an HTTP/1.1 connection`);
}

function targetComplaint(target: string): string {
  for (let i = 0; i < target.length; i++) {
    const code = target.charCodeAt(i);
    if (TARGET[code] !== 1) return `the target holds ${hex(code)}`;
  }
  return 'the target is empty';
}

/** HTTP/2 cleartext and other upgrades are not tunnelled: a request that asks for one is served as if it had not (RFC 9110 7.8). */
function tunnelledProtocol(upgradeField: string): 'websocket' | null {
  return upgradeField.toLowerCase() === 'websocket' ? 'websocket' : null;
}

/**
 * Parses an answer's head, shaped like the text of `parseRequestHead`.
 * @param method of the request it answers: decides whether there is a body (RFC 9112 6.3)
 * @throws ProxyError 'response-malformed'
 */
export function parseResponseHead(text: string, method: string, maxFields: number): ParsedResponse {
  try {
    return parseResponse(text, method, maxFields);
  } catch (error) {
    if (error instanceof MalformedError || error instanceof TooManyFieldsError) {
      throw new ProxyError('response-malformed', 'backend', error.message);
    }
    throw error;
  }
}

function parseResponse(text: string, method: string, maxFields: number): ParsedResponse {
  const lineEnd = text.indexOf('\r\n');
  const line = lineEnd === -1 ? text : text.slice(0, lineEnd);
  const version = line.slice(0, 8);
  if ((version !== 'HTTP/1.1' && version !== 'HTTP/1.0') || line.charCodeAt(8) !== 0x20) {
    throw new MalformedError('the status line does not begin with "HTTP/1.1 "');
  }
  const status = Number(line.slice(9, 12));
  // RFC 9112 4: three digits, then a space even where the reason is empty; a missing space is common and harmless.
  if (!/^[1-5][0-9][0-9]$/.test(line.slice(9, 12)) || (line.length > 12 && line.charCodeAt(12) !== 0x20)) {
    throw new MalformedError('the status is not three digits from 100 to 599');
  }
  const reason = line.slice(13);
  if (reason !== '' && !isAll(FIELD_VALUE, reason))
    throw new MalformedError('the reason phrase holds a control character');

  const headers = parseFields(text, lineEnd === -1 ? text.length : lineEnd + 2, maxFields);
  let contentLength: string | null = null;
  let transferEncoding: string | null = null;
  let connection: ConnectionOptions = NO_OPTIONS;
  let upgrade: string | null = null;
  const { kinds, values } = headers;
  for (let i = 0; i < kinds.length; i++) {
    const value = values[i] ?? '';
    switch (kinds[i]) {
      case HeaderKind.ContentLength:
        if (contentLength !== null) throw new MalformedError('more than one Content-Length');
        contentLength = value;
        break;
      case HeaderKind.TransferEncoding:
        transferEncoding = transferEncoding === null ? value : `${transferEncoding}, ${value}`;
        break;
      case HeaderKind.Connection:
        connection = readConnection(value, connection);
        break;
      case HeaderKind.Upgrade:
        upgrade = upgrade === null ? value : `${upgrade}, ${value}`;
        break;
      default:
    }
  }
  // Nothing but its end-to-end fields is passed on of a 1xx, in whatever protocol, so what it nominates goes here.
  if (status < 200) for (const name of connection.nominated ?? []) headers.delete(name);
  const framing = responseFraming(method, status, version, contentLength, transferEncoding);
  return {
    head: { status, reason, headers, framing, nominated: connection.nominated },
    keepAlive:
      framing.kind !== 'until-close' && !connection.close && (version === 'HTTP/1.1' || connection.keepAlive),
    upgrade: status === 101 && connection.upgrade ? (upgrade?.toLowerCase() ?? null) : null,
  };
}

interface ConnectionOptions {
  readonly close: boolean;
  readonly keepAlive: boolean;
  readonly upgrade: boolean;
  readonly nominated: readonly string[] | null;
}
const NO_OPTIONS: ConnectionOptions = { close: false, keepAlive: false, upgrade: false, nominated: null };
const KEEP_ALIVE: ConnectionOptions = { ...NO_OPTIONS, keepAlive: true };
const CLOSE: ConnectionOptions = { ...NO_OPTIONS, close: true };
/** Each field of a message is compared with each nominated name: without a bound, one head could cost seconds. */
const MAX_NOMINATED = 64;

/** Connection = #connection-option (RFC 9110 7.6.1). What is no token is refused. */
function readConnection(value: string, before: ConnectionOptions): ConnectionOptions {
  if (before === NO_OPTIONS && (value === 'keep-alive' || value === 'Keep-Alive')) return KEEP_ALIVE;
  if (before === NO_OPTIONS && value === 'close') return CLOSE;
  let { close, keepAlive, upgrade } = before;
  const nominated = before.nominated === null ? [] : [...before.nominated];
  for (const element of listElements(value)) {
    const option = element.toLowerCase();
    if (option === '') continue; // RFC 9110 5.6.1.2: empty list elements are ignored
    if (!isAll(TOKEN, option)) throw new MalformedError('Connection holds something that is no token');
    if (option === 'close') close = true;
    else if (option === 'keep-alive') keepAlive = true;
    else if (option === 'upgrade') upgrade = true;
    else if (nominated.push(option) > MAX_NOMINATED)
      throw new MalformedError(`Connection names more than ${MAX_NOMINATED} fields`);
  }
  return { close, keepAlive, upgrade, nominated: nominated.length === 0 ? null : nominated };
}
