import { pathText } from '../config/finding.ts';
import { isHttp } from '../shared/listener-kinds.ts';
import type { ListenerConfig } from '../shared/listener-types.ts';
import type { RuleScript } from '../shared/rule-script.ts';

/**
 * Scripts that decide about what their listener does not have: such a listener is served as if it had no script, which is hardly what was
 * meant. `handles`: by the scripts' files. `path`: in the config.
 */
export function uncalledHandlers(
  listeners: readonly ListenerConfig[],
  handles: ReadonlyMap<string, RuleScript['handles']>,
): { readonly path: string; readonly message: string }[] {
  return listeners.flatMap((listener, index) => {
    const own = handles.get(listener.rules?.script ?? '');
    if (own === undefined) return [];
    const [called, uncalled] = isHttp(listener)
      ? (['request', 'connect'] as const)
      : (['connect', 'request'] as const);
    if (own[called] || !own[uncalled]) return [];
    const message = `the script has a \`${uncalled}\` handler, which is never called for protocol ${listener.protocol}, and no \`${called}\` handler`;
    return [{ path: pathText(['listeners', index, 'rules']), message }];
  });
}
