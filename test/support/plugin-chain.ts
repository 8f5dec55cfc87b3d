import {
  HOOK_NAMES,
  type HookName,
  type PluginChain,
  type PluginInstance,
} from '../../plugins/contract/chain.ts';
import type { PluginHooks } from '../../plugins/contract/hooks.ts';

export interface TestInstance extends PluginInstance {
  readonly faults: { readonly hook: HookName; readonly error: unknown }[];
  isResting: boolean;
}

/** An instance of a plugin as the host would make it. `onError` fails with 500 unless it is said. */
export function instanceOf(hooks: PluginHooks, onError: PluginInstance['onError'] = FAIL): TestInstance {
  const faults: TestInstance['faults'] = [];
  return {
    name: 'test',
    attachedTo: 'listener test',
    hooks,
    onError,
    calls: {
      connect: 0,
      tls: 0,
      request: 0,
      requestBody: 0,
      upstream: 0,
      response: 0,
      responseBody: 0,
      log: 0,
    },
    faults,
    isResting: false,
    failed: (hook, error) => void faults.push({ hook, error }),
  };
}

const FAIL = { kind: 'fail', status: 500 } as const;
export const SKIP = { kind: 'skip' } as const;

/** A chain of these, in the order of the config. */
export function chainOf(...plugins: readonly (PluginHooks | TestInstance)[]): PluginChain {
  const all = plugins.map((each) => ('hooks' in each ? each : instanceOf(each)));
  const having = (hook: HookName): PluginInstance[] | null => {
    const found = all.filter(({ hooks }) => hooks[hook] !== undefined);
    if (hook === 'response' || hook === 'responseBody') found.reverse();
    return found.length === 0 ? null : found;
  };
  const [connect, tls, request, requestBody, upstream, response, responseBody, log] = HOOK_NAMES.map(having);
  return {
    all,
    connect: connect ?? null,
    tls: tls ?? null,
    request: request ?? null,
    requestBody: requestBody ?? null,
    upstream: upstream ?? null,
    response: response ?? null,
    responseBody: responseBody ?? null,
    log: log ?? null,
  };
}
