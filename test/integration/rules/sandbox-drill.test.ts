import { expect, onTestFinished, test } from 'vitest';
import { RuleHost } from '../../../rules/evaluate.ts';
import { compileText, decisionOf, requestOf, UNHURRIED } from './load-sandbox.ts';

test('the drill ahead of the first script is in no log, no count and nobody’s quarantine', async () => {
  const said: unknown[] = [];
  const say = (...words: readonly unknown[]): void => void said.push(words);
  const host = new RuleHost({
    log: { debug: say, info: say, warn: say, error: say },
    onFault: say,
    lastWords: false,
    trace: false,
    drill: true,
  });
  onTestFinished(() => host.close());
  const { bundle } = await compileText(
    'export default defineRules({ request() { return deny(418); } });',
    UNHURRIED,
  );
  const loads = await Promise.all([host.load(bundle, {}), host.load({ ...bundle, id: 'second' }, {})]);
  for (const loaded of loads) {
    if (!loaded.ok) throw new Error('not loaded');
    expect(await decisionOf(loaded.script, requestOf('/'))).toEqual({ kind: 'deny', status: 418 });
    expect(loaded.script.counts).toEqual({ calls: 1, errors: 0, faults: 0 });
  }
  // Both wait for the same drill; which of them is loaded first is chance.
  expect(new Set(host.status().map(({ id }) => id))).toEqual(new Set([bundle.id, 'second']));
  expect(said).toEqual([]);
});
