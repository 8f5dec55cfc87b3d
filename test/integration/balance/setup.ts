import { ok, startRawBackend, type BackendScript, type RawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import type { DataPath } from '../../support/data-path.ts';

/** Backends that answer with their number, as text; `script`: what they do instead. */
export async function startNumbered(
  count: number,
  script: (number: number) => BackendScript = (number) => (request) => request.reply(ok(String(number))),
): Promise<RawBackend[]> {
  return Promise.all(Array.from({ length: count }, (_, number) => startRawBackend(script(number))));
}

/** Who answered each of these requests, sent over one connection: a target, and header lines. */
export async function answers(
  proxy: DataPath,
  requests: readonly (readonly [target: string, ...lines: string[]])[],
): Promise<string[]> {
  const client = await connectRaw(proxy.port);
  const bodies: string[] = [];
  for (const [target, ...lines] of requests) bodies.push((await client.request(get(target, ...lines))).body);
  return bodies;
}
