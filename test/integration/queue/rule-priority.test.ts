import { expect, test } from 'vitest';
import { decisionOf, loadSandbox, requestOf } from '../rules/load-sandbox.ts';

test("a rule's priority is in the decision; without one there is none", async () => {
  const { script } = await loadSandbox(`const fixed = forward('site', { priority: 'low' });
    export default defineRules({
      request(req) {
        if (req.path === '/fixed') return fixed;
        if (req.path === '/key') return forward('site', { key: 'k', priority: 'high' });
        return forward('site', { path: '/x' });
      },
    });`);
  // What recurs crosses as a number.
  for (let i = 0; i < 4; i++)
    expect(await decisionOf(script, requestOf('/fixed'))).toMatchObject({ priority: 'low' });
  expect(await decisionOf(script, requestOf('/key'))).toMatchObject({ key: 'k', priority: 'high' });
  expect(await decisionOf(script, requestOf('/'))).not.toHaveProperty('priority');
});
