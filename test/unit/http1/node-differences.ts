import { METHODS } from 'node:http';
import type { RequestReading } from '../../support/node-http-parser.ts';

type Accepted = Extract<RequestReading, { kind: 'accepted' }>;

/** One reason for which the engine and Node's parser may disagree on a request. */
export interface Difference {
  readonly name: string;
  readonly why: string;
  /** Whether it is the reason here. `text`: the bytes of the connection as latin-1. */
  explains(text: string, ours: RequestReading, node: RequestReading): boolean;
}

/** Refused here for `reason`, accepted by Node. */
function weRefuse(
  name: string,
  why: string,
  reason: RegExp,
  also: (text: string, node: Accepted) => boolean = () => true,
): Difference {
  return {
    name,
    why,
    explains: (text, ours, node) =>
      ours.kind === 'refused' && reason.test(ours.reason) && node.kind === 'accepted' && also(text, node),
  };
}

/** Accepted here, refused by Node. */
function nodeRefuses(
  name: string,
  why: string,
  reason: RegExp,
  also: (text: string, ours: Accepted) => boolean,
): Difference {
  return {
    name,
    why,
    explains: (text, ours, node) =>
      ours.kind === 'accepted' && node.kind === 'refused' && reason.test(node.reason) && also(text, ours),
  };
}

/** Accepted by both with the same head, with another body. */
function otherBody(
  name: string,
  why: string,
  also: (text: string, ours: Accepted, node: Accepted) => boolean,
): Difference {
  return {
    name,
    why,
    explains: (text, ours, node) =>
      ours.kind === 'accepted' && node.kind === 'accepted' && sameHead(ours, node) && also(text, ours, node),
  };
}

function sameHead(ours: Accepted, node: Accepted): boolean {
  const head = ({ method, target, version, fields }: Accepted) =>
    JSON.stringify([method, target, version, fields]);
  return head(ours) === head(node);
}

/** Behind any empty lines. */
function firstLine(text: string): string {
  return /^[\r\n]*([^\r\n]*)/.exec(text)?.[1] ?? '';
}

function chunkedBody(text: string): string | null {
  const end = text.indexOf('\r\n\r\n');
  return /\r\ntransfer-encoding:[^\r]*chunked/i.test(text.slice(0, end)) ? text.slice(end + 4) : null;
}

/** All of them: an entry that explains nothing in the corpus fails the test as well. */
export const nodeDifferences: readonly Difference[] = [
  {
    name: 'HTTP/0.9',
    why: 'Node takes a request line without a version for HTTP/0.9, and reads header fields behind it all the same; RFC 9112 has no such thing',
    explains: (_text, ours, node) =>
      ours.kind !== 'accepted' && node.kind === 'accepted' && node.version === '0.9',
  },
  weRefuse(
    'version',
    'Node reads HTTP/2.0 and HTTP/0.9 as if they were HTTP/1.1',
    /on an HTTP\/1\.1 connection$/,
  ),
  weRefuse(
    'leading empty lines',
    'Node skips any number of empty lines, bare LF included; here the connection skips CRLF and the parser nothing',
    /^the request line is not|^the method is not a token$/,
    (text) => /^[\r\n]/.test(text),
  ),
  weRefuse(
    'spaces in the request line',
    'Node skips several spaces; RFC 9112 3 has exactly one',
    /^the request line (is not|does not end)|^the target is empty$/,
    (text) => / {2}/.test(firstLine(text)),
  ),
  weRefuse(
    'fragment',
    'Node lets # through; no fragment is ever sent (RFC 9110 4.1)',
    /^the target holds 0x23$/,
  ),
  weRefuse(
    'asterisk',
    'Node lets * through for every method; it is for OPTIONS only (RFC 9112 3.2.4)',
    /^the target \* is for OPTIONS only$/,
  ),
  weRefuse(
    'other schemes',
    'Node takes any scheme, and * with something behind it',
    /^the target is neither a path nor an absolute http URL$/,
  ),
  weRefuse('several Hosts', 'Node lets several Hosts through (RFC 9112 3.2)', /^more than one Host$/),
  weRefuse(
    'CONNECT without Host',
    'Node asks for a Host only where it answers by itself',
    /^Host is missing$/,
    (_text, node) => node.method === 'CONNECT',
  ),
  weRefuse(
    'invalid Host',
    'Node does not look at Host or the authority of the target (RFC 9112 3.2)',
    /^Host (".*" is not a host and port|has an empty label)$/s,
  ),
  weRefuse(
    'another Host',
    'Node lets an absolute-form target name another host than Host does',
    /^Host differs from the target$/,
  ),
  weRefuse(
    'vast length',
    'Node takes lengths that a double does not hold exactly',
    /^Content-Length "\d{16,}" is not a number of bytes$/,
  ),
  weRefuse(
    'other transfer codings',
    'Node takes codings that it does not decode, and reads until the connection ends where chunked is not the last',
    /^Transfer-Encoding (is not chunked|.* is not supported)$/,
  ),
  weRefuse(
    'chunked in HTTP/1.0',
    'Node takes Transfer-Encoding in HTTP/1.0; its framing is faulty (RFC 9112 6.1)',
    /^Transfer-Encoding in an HTTP\/1\.0 request$/,
  ),
  weRefuse(
    'connection options',
    'Node does not look at what it does not know in Connection',
    /^Connection holds something that is no token$/,
  ),
  weRefuse(
    'handshake with a body',
    'Node lets a body follow a WebSocket handshake, and other methods make one',
    /^a WebSocket handshake must be/,
  ),
  nodeRefuses(
    'methods',
    'Node knows a fixed set of methods; a proxy passes every token on',
    /method/i,
    (_text, ours) => !METHODS.includes(ours.method),
  ),
  nodeRefuses(
    'minor versions',
    'Node knows 1.0 and 1.1 only; a higher minor version is compatible (RFC 9110 2.5)',
    /version/i,
    (text) => / HTTP\/1\.[2-9]$/.test(firstLine(text)),
  ),
  {
    name: 'absolute-form',
    why: 'A proxy sends the origin-form on, Node leaves the target as it is',
    explains: (_text, ours, node) =>
      ours.kind === 'accepted' &&
      node.kind === 'accepted' &&
      /^https?:\/\//i.test(node.target) &&
      JSON.stringify({ ...node, target: ours.target }) === JSON.stringify(ours),
  },
  otherBody(
    'tab behind chunked',
    'Node takes off spaces at the end of Transfer-Encoding, but no tab (RFC 9110 5.6.3 has both), and then refuses the body',
    (text, _ours, node) => /\r\ntransfer-encoding:[^\r]*\t *\r/i.test(text) && node.body === '',
  ),
  otherBody(
    'chunk extensions',
    'Node parses chunk extensions and refuses what breaks their grammar; they are dropped here, whatever they say',
    (text, ours, node) =>
      /(?:^|\r\n)[0-9a-f]+;(?!\w+(?:=(?:\w+|"[^"\r]*"))?\r\n)/i.test(chunkedBody(text) ?? '') &&
      ours.body.startsWith(node.body) &&
      !node.whole,
  ),
  otherBody(
    'long chunk sizes',
    'Node takes sizes of many more digits, leading zeros without end; here eight are enough',
    (text, ours, node) =>
      /(?:^|\r\n)[0-9a-f]{9,}[\r;]/i.test(chunkedBody(text) ?? '') &&
      node.body.startsWith(ours.body) &&
      !ours.whole,
  ),
  otherBody(
    'framing in trailers',
    'Content-Length and Transfer-Encoding in a trailer are dropped here (RFC 9110 6.5.1), Node refuses them',
    (text, ours, node) =>
      /\r\n(?:content-length|transfer-encoding):/i.test(chunkedBody(text) ?? '') &&
      ours.whole &&
      !node.whole &&
      ours.body === node.body,
  ),
  otherBody(
    'fields dropped from trailers',
    'Routing fields and credentials in a trailer are dropped here (RFC 9110 6.5.1), Node keeps them',
    (_text, ours, node) =>
      ours.whole && node.whole && ours.body === node.body && isPart(ours.trailers, node.trailers),
  ),
];

/** Whether `part` is `all` without some of its fields. */
function isPart(part: Accepted['trailers'], all: Accepted['trailers']): boolean {
  const left = part.map((field) => field.join(': '));
  for (const field of all) if (field.join(': ') === left[0]) left.shift();
  return left.length === 0 && part.length < all.length;
}
