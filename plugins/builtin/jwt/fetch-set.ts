import type { PluginContext } from '../../api.ts';
import { readBounded } from '../read-bounded.ts';

/** Providers with a key for each of many tenants have some 20 KiB. */
const MOST_BYTES = 256 * 1024;

export interface SetPlace {
  readonly url?: string | undefined;
  readonly upstream?: string | undefined;
  readonly path: string;
  readonly host?: string | undefined;
  readonly timeout: number;
}

/** A function that fetches a JWK Set as text. It rejects for every answer but a 200, and follows no redirect: that would be another source. */
export function setFetcher(place: SetPlace, context: PluginContext): () => Promise<string> {
  return async () => {
    const signal = AbortSignal.any([AbortSignal.timeout(place.timeout), context.signal]);
    const { status, body } = await ask(place, context, signal);
    const text = body === null ? '' : (await readBounded(body, MOST_BYTES)).toString();
    if (status !== 200) throw new Error(`the answer has status ${status}, and not 200`);
    return text;
  };
}

function ask(
  { url, upstream = '', path, host }: SetPlace,
  context: PluginContext,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly body: AsyncIterable<Uint8Array> | null }> {
  const headers = { accept: 'application/jwk-set+json, application/json' };
  if (url !== undefined) return fetch(url, { headers, redirect: 'manual', signal });
  return context.request({
    upstream,
    target: path,
    ...(host === undefined ? {} : { host }),
    headers,
    signal,
  });
}
