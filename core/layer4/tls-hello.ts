import { readClientHello } from '../shared/client-hello.ts';
import { readServerName, type ConnectionTls } from '../shared/tls-info.ts';

/**
 * What a client asks for in its ClientHello, which goes on to the backend as it came. `bytes`: the first ones of the connection.
 * @returns how many of them there have to be at least, never more than `maxBytes`; null for what is no TLS, or none that fits into
 * `maxBytes`
 */
export function readTlsHello(bytes: Buffer, maxBytes: number): ConnectionTls | number | null {
  // Whatever is behind is not looked at, so that the answer is the same however the bytes come.
  const hello = readClientHello(bytes.subarray(0, maxBytes));
  if (hello === null || typeof hello === 'number') return hello !== null && hello <= maxBytes ? hello : null;
  return { serverName: readServerName(hello.serverName), alpn: hello.protocols };
}
