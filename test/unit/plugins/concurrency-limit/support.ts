import type { TestedAnswer, TestedPlugin, TestPluginRequest } from '../../../../plugins/testing.ts';

/** A request that is at the backend until it is told to end. */
export async function openRequest(
  tested: TestedPlugin,
  request: TestPluginRequest = {},
): Promise<{ end(): Promise<TestedAnswer> }> {
  const arrived = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  const answer = tested.request(request, async () => {
    arrived.resolve();
    await ended.promise;
    return {};
  });
  await Promise.race([arrived.promise, answer]);
  return {
    end: () => {
      ended.resolve();
      return answer;
    },
  };
}
