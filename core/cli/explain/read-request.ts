import { isIP } from 'node:net';
import { normalisePath } from '../../shared/normalise-path.ts';
import { statusOf } from '../../exchange/respond.ts';
import type { RequestHead } from '../../exchange/streams.ts';
import { parseRequestHead } from '../../http1/parse-head.ts';
import type { HttpListenerConfig } from '../../shared/listener-types.ts';
import { ProxyError } from '../../shared/errors.ts';
import type { RuleRequest } from '../../shared/rule-script.ts';
import type { TlsInfo } from '../../shared/tls-info.ts';
import type { RequestOutcome, Step } from './explanation.ts';
import type { ExplainedUrl } from './read-url.ts';

export interface ExplainQuery {
  readonly method: string;
  readonly url: ExplainedUrl;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly clientAddress: string;
  /** Those of plugins, as `RuleRequest.variables`. */
  readonly variables: string;
}

export type ReadRequest =
  | { readonly ok: true; readonly step: Step; readonly head: RequestHead; readonly request: RuleRequest }
  | { readonly ok: false; readonly step: Step; readonly outcome: RequestOutcome };

/** Writes the query as a client would and reads it as the listener does. */
export function readRequest(
  listener: HttpListenerConfig,
  { method, url, headers, clientAddress, variables }: ExplainQuery,
): ReadRequest {
  const hasHost = headers.some(([name]) => name.toLowerCase() === 'host');
  const fields = hasHost ? headers : [['Host', url.authority] as const, ...headers];
  const text = [
    `${method} ${url.target} HTTP/1.1`,
    ...fields.map(([name, value]) => `${name}: ${value}`),
  ].join('\r\n');
  try {
    const bytes = Buffer.byteLength(text) + '\r\n\r\n'.length;
    const { headBytes } = listener.limits;
    if (bytes > headBytes)
      throw new ProxyError(
        'request-head-too-large',
        'client',
        `the head has ${bytes} bytes, more than ${headBytes}`,
      );
    // As the bytes arrive: UTF-8, read as latin1.
    const { head, fieldText } = parseRequestHead(Buffer.from(text).toString('latin1'), listener.limits);
    if (head.method === 'CONNECT' || head.method === 'TRACE') {
      throw new ProxyError('method-not-allowed', 'client', `${head.method} is not for a reverse proxy`);
    }
    const path = normalisePath(head.target.split('?', 1)[0] ?? '');
    if (path === null)
      throw new ProxyError('request-malformed', 'client', 'the path holds a dot segment or a broken escape');
    const request = {
      method,
      scheme: listener.protocol,
      ...(listener.protocol === 'https' ? { tls: JSON.stringify(usualTls(url)) } : {}),
      host: head.host,
      target: head.target,
      path,
      clientAddress,
      variables,
      head: fieldText,
    } as const;
    const step: Step = {
      step: 'request',
      text: `${method} ${head.target}`,
      details: [`host ${head.host}, path ${path}`],
    };
    return { ok: true, step, head, request };
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error;
    const step: Step = { step: 'request', text: `refused: ${error.code}`, details: [error.message] };
    return {
      ok: false,
      step,
      outcome: { kind: 'answer', status: statusOf(error.code) ?? 400, reason: error.message },
    };
  }
}

/** What a client of today would have agreed on, without a certificate of its own. */
function usualTls({ hostname }: ExplainedUrl): TlsInfo {
  const serverName = isIP(hostname.replace(/^\[|\]$/g, '')) === 0 ? hostname : null;
  return { serverName, protocol: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256', client: null };
}
