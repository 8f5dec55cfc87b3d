import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, onTestFinished, test, vi } from 'vitest';
import cache from '../../../../plugins/builtin/cache/cache.ts';
import type { PluginSubrequest } from '../../../../plugins/api.ts';
import { testPlugin, type TestBackendAnswer, type TestedPlugin } from '../../../../plugins/testing.ts';

const rarely = fc.integer({ min: 0, max: 9 }).map((n) => n === 0);

/** What a backend says of the answers that it makes from now on. */
const saying = fc.record({
  directives: fc.record({
    'no-store': rarely,
    private: rarely,
    public: fc.boolean(),
    'no-cache': rarely,
    'must-revalidate': rarely,
    'max-age': fc.option(fc.nat(20)),
    's-maxage': fc.option(fc.nat(20)),
    'stale-while-revalidate': fc.option(fc.nat(10)),
    'stale-if-error': fc.option(fc.nat(10)),
  }),
  vary: fc.constantFrom('', '', '', 'accept-language', 'cookie', 'x-a, accept-language', '*'),
  cookie: rarely,
  status: fc.constantFrom(200, 200, 200, 200, 200, 404, 503),
  /** Whether it knows its own answers again. */
  unchanged: fc.boolean(),
});
type Saying = typeof saying extends fc.Arbitrary<infer T> ? T : never;

const asking = fc.record({
  method: fc.constantFrom(...Array<string>(12).fill('GET'), 'HEAD', 'POST', 'PURGE'),
  url: fc.constantFrom('/a', '/a', '/a', '/a', '/a?', 'https://localhost/a', 'http://other/a'),
  headers: fc.dictionary(
    fc.constantFrom('authorization', 'cookie', 'accept-language', 'x-a', 'range', 'if-none-match'),
    fc.constantFrom('1', '2', 'bytes=1-2'),
    { maxKeys: 1 },
  ),
});

const step = fc.oneof(
  { weight: 2, arbitrary: saying.map((now) => ({ kind: 'say' as const, now })) },
  { weight: 8, arbitrary: asking.map((request) => ({ kind: 'ask' as const, request })) },
  { weight: 2, arbitrary: fc.nat(5000).map((ms) => ({ kind: 'wait' as const, ms })) },
);

interface Made {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  said: Saying;
  /** When the backend last said that it is so. */
  at: number;
  isGone: boolean;
  /** Whether the request that it was the answer to had a password. */
  isForOne: boolean;
}

/** Seconds for which it is fresh; null: it is not to be kept. */
function freshFor({ said: { directives: d, vary, cookie, status }, isForOne }: Made): number | null {
  const isForAll = d.public || d['must-revalidate'] || d['s-maxage'] !== null;
  if (d['no-store'] || d.private || vary === '*' || cookie || status === 503) return null;
  if (isForOne && !isForAll) return null;
  return d['no-cache'] ? 0 : (d['s-maxage'] ?? d['max-age']);
}

interface Asked {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Why it must not be served to this request; null: nothing is against it. */
function objection(made: Made, asked: Asked, now: number, hasFailed: boolean): string | null {
  const { directives: d, vary } = made.said;
  const other = differing(made, asked);
  if (other !== null) return other;
  const seconds = freshFor(made);
  if (seconds === null || vary === '*') return 'it is not to be kept';
  if (made.isGone) return 'it was taken out';
  const age = (now - made.at) / 1000;
  if (age < seconds) return null;
  if (d['no-cache'] || d['must-revalidate']) return 'it has to be revalidated';
  if (age < seconds + (d['stale-while-revalidate'] ?? 0)) return null;
  if (hasFailed && age < seconds + (d['stale-if-error'] ?? 0)) return null;
  return `it is stale: ${age} s`;
}

function differing(made: Made, { url, headers }: Asked): string | null {
  if (made.url !== url) return 'another URL';
  const { vary } = made.said;
  const other =
    vary === '' ? undefined : vary.split(', ').find((name) => made.headers[name] !== headers[name]);
  return other === undefined ? null : `another variant: ${other}`;
}

/** A backend that remembers what it has made. */
class Backend {
  readonly made: Made[] = [];
  says: Saying | null = null;
  failedAt = -Infinity;
  /** Which it has said to be unchanged; null: none since this was set. */
  confirmed: number | null = null;

  answer(url: string, headers: Readonly<Record<string, string>>): TestBackendAnswer {
    const said = this.says;
    if (said === null) return {};
    const { directives, vary, cookie, status, unchanged } = said;
    const at = Date.now();
    if (status === 503) this.failedAt = at;
    const control = Object.entries(directives).map(([name, value]) =>
      value === true ? name : typeof value === 'number' ? `${name}=${value}` : '',
    );
    const fields = {
      'cache-control': control.filter((each) => each !== '').join(', '),
      ...(cookie ? { 'set-cookie': 'a=1' } : {}),
    };
    const known = idIn(headers['if-none-match']);
    const same = known === null ? undefined : this.made[known];
    if (unchanged && status === 200 && same !== undefined) {
      same.said = { ...said, vary: same.said.vary, status: same.said.status };
      same.at = at;
      // It is what this request would have got, too.
      same.isForOne = 'authorization' in headers;
      this.confirmed = known;
      return { status: 304, headers: { ...fields, etag: `"made${known}"` } };
    }
    const id =
      this.made.push({ url, headers, said, at, isGone: false, isForOne: 'authorization' in headers }) - 1;
    const varying = vary === '' ? {} : { vary };
    return { status, headers: { ...fields, ...varying, etag: `"made${id}"` }, body: `made${id}.` };
  }

  gone(urls: readonly string[]): void {
    for (const each of this.made) if (urls.includes(each.url)) each.isGone = true;
  }
}

function idIn(tag: string | null | undefined): number | null {
  const found = /^"made(\d+)"$/.exec(tag ?? '');
  return found === null ? null : Number(found[1]);
}

function plain(headers: Iterable<readonly [string, unknown]>): Record<string, string> {
  return Object.fromEntries([...headers].map(([name, value]) => [name.toLowerCase(), String(value)]));
}

/** As tests write it. */
function urlOf(host = '', target: string, scheme = ''): string {
  return scheme === 'http' && host === 'localhost' ? target : `${scheme}://${host}${target}`;
}

test('whatever is asked in whatever order, nothing is served that RFC 9111 forbids', async () => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'], now: 1_700_000_000_000 });
  onTestFinished(() => void vi.useRealTimers());
  const seen = { served: 0, confirmed: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
      const backend = new Backend();
      const request = ({ target, host, headers = {} }: PluginSubrequest): TestBackendAnswer => {
        const sent = plain(Object.entries(headers));
        return backend.answer(urlOf(host, target, sent['x-forwarded-proto']), sent);
      };
      await using tested = await testPlugin(cache, { purge: { from: ['127.0.0.1'] } }, { request });
      for (const each of steps) {
        if (each.kind === 'say') backend.says = each.now;
        else if (each.kind === 'wait') vi.advanceTimersByTime(each.ms);
        else await ask(tested, backend, each.request, seen);
        // What goes on in the background comes to its end.
        await turn();
      }
    }),
    { numRuns: 50 },
  );
  expect(seen.served).toBeGreaterThan(60);
  expect(seen.confirmed).toBeGreaterThan(0);
});

async function ask(
  tested: TestedPlugin,
  backend: Backend,
  request: Asked & { readonly method: string },
  seen: { served: number; confirmed: number },
): Promise<void> {
  // Before what the background learns by this request.
  const before = backend.made.map((each) => ({ ...each }));
  backend.confirmed = null;
  const got = await tested.request(request, (sent) => backend.answer(request.url, plain(sent.headers)));
  if (request.method === 'PURGE') {
    const path = request.url.replace('https://localhost', '');
    return backend.gone(path.startsWith('/') ? [path, `https://localhost${path}`] : [path]);
  }
  if (request.method === 'POST') return (got.status ?? 500) < 400 ? backend.gone([request.url]) : undefined;
  const id = idIn(got.headers.get('etag'));
  const made = id === null ? undefined : before[id];
  // It is new, or a failure is passed on.
  if (made === undefined || got.status === 503) return;
  if (id === backend.confirmed && got.request !== null) {
    seen.confirmed += 1;
    // The client may have asked for it by its tag.
    if (request.headers['if-none-match'] === undefined) expect(differing(made, request)).toBeNull();
  } else {
    seen.served += 1;
    const now = Date.now();
    expect(objection(made, request, now, now - backend.failedAt <= 1000)).toBeNull();
  }
  if (request.method !== 'GET') return;
  if (got.status === 200) expect(got.text).toBe(`made${id}.`);
  if (got.status === 206) expect(got.text).toBe(`made${id}.`.slice(1, 3));
}
