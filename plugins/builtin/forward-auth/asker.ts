import type { BodyStream, PluginAnswer, PluginContext, PluginHeaders, PluginSubrequest } from '../../api.ts';
import { readBounded } from '../read-bounded.ts';
import { meaningOf, refusalOf } from './answer.ts';
import type { Options } from './options.ts';
import type { Pass } from './passes.ts';

export type Outcome =
  | { readonly kind: 'pass'; readonly pass: Pass; readonly mayBeKept: boolean }
  | { readonly kind: 'refuse'; readonly answer: PluginAnswer }
  /** `why`: for the log. */
  | { readonly kind: 'unavailable' | 'odd'; readonly why: string };

/** Asks, and reads the answer to its end: within its time, and for as long as somebody waits for it. */
export async function askFor(
  question: PluginSubrequest,
  given: Options,
  context: Pick<PluginContext, 'request'>,
  signal: AbortSignal,
): Promise<Outcome> {
  const ending = new AbortController();
  const end = (): void => ending.abort(new Error('the client has left'));
  signal.addEventListener('abort', end, { once: true });
  const timer = setTimeout(
    () => ending.abort(new Error(`there was no answer within ${given.timeout} ms`)),
    given.timeout,
  );
  try {
    if (signal.aborted) end();
    const { status, headers, body } = await context.request({ ...question, signal: ending.signal });
    switch (meaningOf(status)) {
      case 'pass':
        // What it says besides is of no interest; where it is long, the connection is given up.
        await readBounded(body, given.largest).catch(() => undefined);
        return { kind: 'pass', pass: passOf(headers, given), mayBeKept: mayBeKept(headers, given) };
      case 'refuse':
        return await refusal(status, headers, body, given.largest);
      case 'unavailable':
        await readBounded(body, given.largest).catch(() => undefined);
        return { kind: 'unavailable', why: `status ${status}` };
      case 'odd':
        await readBounded(body, given.largest).catch(() => undefined);
        return { kind: 'odd', why: `status ${status}` };
    }
  } catch (error) {
    return { kind: 'unavailable', why: reasonOf(error) };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
  }
}

/** One that cannot be read is a refusal all the same, and not as good as no answer. */
async function refusal(
  status: number,
  headers: PluginHeaders,
  body: BodyStream,
  mostBytes: number,
): Promise<Outcome> {
  try {
    return { kind: 'refuse', answer: refusalOf(status, headers, await readBounded(body, mostBytes)) };
  } catch (error) {
    return { kind: 'odd', why: `status ${status}, and a body that cannot be had: ${reasonOf(error)}` };
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function passOf(headers: PluginHeaders, { copyHeaders, setCookies }: Options): Pass {
  return {
    fields: copyHeaders.flatMap((name) => headers.getAll(name).map((value) => [name, value] as const)),
    cookies: setCookies ? headers.getAll('set-cookie') : [],
  };
}

/** A cookie is for one client at one time. */
function mayBeKept(headers: PluginHeaders, { setCookies }: Options): boolean {
  const asksNotTo = /(?:^|[,\s])no-store(?:$|[,\s])/i.test(headers.get('cache-control') ?? '');
  return !asksNotTo && !(setCookies && headers.has('set-cookie'));
}
