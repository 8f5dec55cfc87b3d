import { describe, expect, test } from 'vitest';
import rateLimit from '../../../../plugins/builtin/rate-limit/rate-limit.ts';
import { testPlugin, TestSiblings, type TestedPlugin } from '../../../../plugins/testing.ts';
import { poll } from '../../../support/poll.ts';

async function allowedOf(tested: TestedPlugin, count: number): Promise<number> {
  let allowed = 0;
  for (let i = 0; i < count; i++) if ((await tested.request()).status === 200) allowed += 1;
  return allowed;
}

describe.each(['token-bucket', 'sliding-window'])('rate-limit by %s in several workers', (algorithm) => {
  const options = { limits: [{ requests: 20, per: '1h' }], algorithm };

  test('what one has given the others do not give again', async () => {
    const siblings = new TestSiblings();
    await using one = await testPlugin(rateLimit, options, { siblings });
    await using other = await testPlugin(rateLimit, options, { siblings });
    expect(await allowedOf(one, 15)).toBe(15);
    await poll(() => other.status()['keys'] === 1);
    expect(await allowedOf(other, 10)).toBe(5);
  });

  test('one that comes up does not begin anew', async () => {
    const siblings = new TestSiblings();
    await using one = await testPlugin(rateLimit, options, { siblings });
    expect(await allowedOf(one, 15)).toBe(15);
    await using late = await testPlugin(rateLimit, options, { siblings });
    await poll(() => late.status()['keys'] === 1);
    expect(await allowedOf(late, 10)).toBe(5);
  });

  test('one that goes takes along nothing of what was used', async () => {
    const siblings = new TestSiblings();
    await using one = await testPlugin(rateLimit, options, { siblings });
    const other = await testPlugin(rateLimit, options, { siblings });
    expect(await allowedOf(other, 15)).toBe(15);
    await poll(() => one.status()['keys'] === 1);
    await other.close();
    expect(await allowedOf(one, 10)).toBe(5);
  });
});
