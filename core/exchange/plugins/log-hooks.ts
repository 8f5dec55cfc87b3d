import type { ExchangePlugins } from './exchange-plugins.ts';
import { isPromise } from './is-promise.ts';

/**
 * Tells every plugin that the exchange has come to that it is over. One that has seen its beginning hears of it even where
 * it has been broken off since: what it counts or holds for the exchange would never be given back.
 */
export function callLogHooks({ stages, view, passedOver }: ExchangePlugins): void {
  for (const { chain, passed } of stages)
    for (const instance of chain.log ?? []) {
      // The one that has ended it on the way in has seen it, too.
      if (chain.all.indexOf(instance) > passed || passedOver?.has(instance) === true) continue;
      if (instance.isResting && instance.hooks.request === undefined) continue;
      instance.calls.log += 1;
      try {
        const result: unknown = instance.hooks.log?.(view);
        if (isPromise(result)) result.then(undefined, (error: unknown) => instance.failed('log', error));
      } catch (error) {
        instance.failed('log', error);
      }
    }
}
