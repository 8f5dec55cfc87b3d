import type { Plugin } from '../../plugins/api.ts';
import type { PluginHooks } from '../../plugins/contract/hooks.ts';
import { TestContext } from '../../plugins/testing/test-context.ts';

/** The hooks of a plugin with these options, for a chain in a data path of the test's own process. */
export async function hooksOf<Options>(
  plugin: Plugin<Options>,
  given: unknown,
  setting: ConstructorParameters<typeof TestContext>[0] = {},
): Promise<PluginHooks> {
  const result = await plugin.options['~standard'].validate(given);
  if (result.issues !== undefined) throw new Error(JSON.stringify(result.issues));
  return plugin.create(result.value, new TestContext(setting));
}
