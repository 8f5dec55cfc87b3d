import { expect, test } from 'vitest';
import { site, startProxy } from '../http1/setup.ts';
import { answers, startNumbered } from '../balance/setup.ts';
import { decisionOf, loadSandbox, requestOf } from './load-sandbox.ts';

const users = Array.from({ length: 40 }, (_, i) => i);

test('requests for which a rule sets the same key go to the same backend', async () => {
  const { script } = await loadSandbox(
    `export default defineRules({
      request(req) { return forward('site', { key: 'tenant-' + req.query.get('tenant') }); },
    });`,
    { timeLimitMs: 1000 },
  );
  const backends = await startNumbered(3);
  const scheduler = { type: 'maglev', key: 'rule' };
  const proxy = await startProxy({
    rules: script,
    upstreams: site(
      backends.map(({ port }) => port),
      { scheduler },
    ),
  });
  const first = await answers(
    proxy,
    users.map((i) => [`/${Math.random()}?tenant=${i}`] as const),
  );
  expect(new Set(first).size).toBe(3);
  expect(
    await answers(
      proxy,
      users.map((i) => [`/?tenant=${i}`] as const),
    ),
  ).toEqual(first);
});

test("a rule's key is in the decision, shortened, as text; without one there is none", async () => {
  const { script } = await loadSandbox(`const fixed = forward('site', { key: 'always' });
  export default defineRules({
    request(req) {
      switch (req.path) {
        case '/fixed': return fixed;
        case '/number': return forward('site', { key: 42 });
        case '/long': return forward('site', { key: 'x'.repeat(10_000) });
        case '/null': return forward('site', { key: req.cookies.get('none') });
        case '/empty': return forward('site', { key: '' });
        case '/object': return forward('site', { key: {} as string });
        default: return forward('site');
      }
    },
  });`);
  const keyOf = async (path: string): Promise<unknown> => {
    const decision = await decisionOf(script, requestOf(path));
    return decision.kind === 'forward' ? decision.key : decision;
  };
  // From the third time on it crosses as a number.
  for (let i = 0; i < 4; i++) expect(await keyOf('/fixed')).toBe('always');
  expect(await keyOf('/number')).toBe('42');
  expect(await keyOf('/long')).toBe('x'.repeat(4096));
  for (const path of ['/null', '/empty', '/']) expect(await keyOf(path)).toBeUndefined();
  expect(await keyOf('/object')).toMatchObject({ kind: 'fault' });
});
