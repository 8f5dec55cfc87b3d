import { FIELD_VALUE, TOKEN, excerpt } from '../http1/characters.ts';
import { ErrorCode, streamError } from './errors.ts';

/**
 * Checks one field that is no pseudo-header field (RFC 9113 8.2): the name is a token in lower case; the value has
 * no control character (CR, LF and NUL above all) and no white space at its ends; nothing speaks of a connection.
 * @throws Http2Error PROTOCOL_ERROR of the stream
 */
export function checkField(name: string, value: string): void {
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (TOKEN[code] !== 1 || (code >= 0x41 && code <= 0x5a))
      throw malformed(`the field name ${excerpt(name)}`);
  }
  if (name === '') throw malformed('a field without a name');
  const { length } = value;
  for (let i = 0; i < length; i++) {
    if (FIELD_VALUE[value.charCodeAt(i)] !== 1)
      throw malformed(`a control character in the value of ${name}`);
  }
  if (length > 0 && (isSpace(value.charCodeAt(0)) || isSpace(value.charCodeAt(length - 1))))
    throw malformed(`white space around the value of ${name}`);
  if (OF_CONNECTION.has(name)) throw malformed(`the connection-specific field ${name}`);
}

/** RFC 9113 8.2.2. */
const OF_CONNECTION = new Set([
  'connection',
  'proxy-connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
]);

/** content-length: 1*DIGIT that a double holds exactly. @throws Http2Error PROTOCOL_ERROR of the stream */
export function parseLength(value: string): number {
  if (!/^[0-9]{1,15}$/.test(value)) throw malformed(`the content-length ${excerpt(value)}`);
  return Number(value);
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

function malformed(what: string): Error {
  return streamError(ErrorCode.ProtocolError, what);
}
