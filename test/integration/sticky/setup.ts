import { expect } from 'vitest';
import type { BackendState } from '../../../core/shared/config-types.ts';
import type { AddressBackend } from '../../../core/upstreams/backend.ts';
import type { DataPath } from '../../support/data-path.ts';
import { ok, startRawBackend, type BackendScript, type RawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get, type RawAnswer } from '../../support/raw-client.ts';
import { site, startProxy } from '../http1/setup.ts';

export const KEY = 'the key of these tests';

export interface StickyProxy {
  readonly proxy: DataPath;
  readonly servers: readonly RawBackend[];
}

/** A proxy with three backends, which answer with their index and these lines in the head. */
export async function startSticky(
  sticky: object,
  script: (index: number) => BackendScript = (index) => (request) => request.reply(ok(String(index))),
  listener: Readonly<Record<string, unknown>> = {},
): Promise<StickyProxy> {
  const servers = await Promise.all([0, 1, 2].map((index) => startRawBackend(script(index))));
  const proxy = await startProxy({
    listener,
    upstreams: site(
      servers.map(({ port }) => port),
      { sticky },
    ),
  });
  return { proxy, servers };
}

/** The answer to a request with these cookies, over a connection of its own. */
export async function ask({ proxy }: StickyProxy, ...cookies: readonly string[]): Promise<RawAnswer> {
  const client = await connectRaw(proxy.port);
  return client.request(get('/', ...cookies.map((cookie) => `Cookie: ${cookie}`)));
}

/** The cookie that an answer sets, without its attributes. */
export function cookieOf(answer: Pick<RawAnswer, 'header'>): string {
  const field = answer.header('set-cookie');
  expect(field).not.toBeNull();
  return field?.split(';')[0] ?? '';
}

export function backendOf({ proxy }: StickyProxy, index: number | string): AddressBackend {
  const backend = proxy.upstreams.get('site')?.backends[Number(index)];
  if (backend === undefined) throw new Error(`no backend ${index}`);
  return backend;
}

/** As the commands of `tidegate backends` do. */
export function setState(
  running: StickyProxy,
  index: number | string,
  state: BackendState,
  weight = 1,
): void {
  backendOf(running, index).setTerms({ state, weight, priority: 0 });
}

/** Who answers so many requests with this cookie. */
export async function whoAnswers(running: StickyProxy, cookie: string, times = 5): Promise<Set<string>> {
  const bodies = new Set<string>();
  for (let i = 0; i < times; i++) bodies.add((await ask(running, cookie)).body);
  return bodies;
}
