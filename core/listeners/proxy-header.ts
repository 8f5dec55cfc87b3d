import { ProxyHeaderError, type ProxyHeader } from './proxied-client.ts';
import { readProxyHeaderV1 } from './proxy-header-v1.ts';
import { readProxyHeaderV2 } from './proxy-header-v2.ts';

const V1_SIGNATURE = Buffer.from('PROXY ');
const V2_SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n');

/**
 * Reads a header of the PROXY protocol, of version 1 or 2, as HAProxy's specification has it
 * (https://www.haproxy.org/download/3.2/doc/proxy-protocol.txt).
 * @param bytes all that has come; may end anywhere, and go on behind the header
 * @returns null while the header is not whole
 * @throws ProxyHeaderError as soon as it can not become one
 */
export function readProxyHeader(bytes: Buffer): ProxyHeader | null {
  const isV1 = bytes[0] === V1_SIGNATURE[0];
  const signature = isV1 ? V1_SIGNATURE : V2_SIGNATURE;
  const compared = Math.min(bytes.length, signature.length);
  if (bytes.compare(signature, 0, compared, 0, compared) !== 0)
    throw new ProxyHeaderError('bytes that are no header of the PROXY protocol');
  if (compared < signature.length) return null;
  return isV1 ? readProxyHeaderV1(bytes) : readProxyHeaderV2(bytes);
}
