import { expect, test } from 'vitest';
import { decisionOf, loadSandbox, requestOf } from './load-sandbox.ts';

test('an endless microtask of one request of a turn is not held against another', async () => {
  const { script } = await loadSandbox(`export default defineRules({ request(req) {
    if (req.path === '/1') Promise.resolve().then(() => { for (;;); });
    return forward('site');
  } });`);
  const kindsOf = async (targets: readonly string[]): Promise<string[]> =>
    (await Promise.all(targets.map((target) => decisionOf(script, requestOf(target))))).map(
      ({ kind }) => kind,
    );
  // Warm, so that all of them fit into one call.
  for (let turn = 0; turn < 20; turn++) await kindsOf(['/0', '/2', '/3', '/4']);
  const together = ['/0', '/1', '/2', '/3'];
  expect(
    script.decideAll(
      together.map((target) => requestOf(target)),
      false,
    ).kind,
  ).toBe('failed');
  expect(await kindsOf(together)).toEqual(['forward', 'fault', 'forward', 'forward']);
});
