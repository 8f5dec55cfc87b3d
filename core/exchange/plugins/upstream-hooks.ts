import type { ProxyError } from '../../shared/errors.ts';
import type { AddressBackend } from '../../upstreams/backend.ts';
import type { Exchange } from '../exchange.ts';
import type { HeaderList } from '../headers.ts';
import { expectNoPromise } from './is-promise.ts';
import { hookFailed, restOf } from './plugin-fault.ts';

/**
 * The header fields that an attempt at this backend sends: the request's own, or a copy that the `upstream` hooks have changed.
 * null: a hook has ended the exchange.
 */
export function fieldsForAttempt(
  exchange: Exchange,
  backend: AddressBackend,
): HeaderList | ProxyError | null {
  const { plugins, request } = exchange;
  if (plugins === null || plugins.stages.every(({ chain }) => chain.upstream === null))
    return request.headers;
  const headers = request.headers.copy();
  const { view } = plugins;
  let outcome: HeaderList | ProxyError | null = headers;
  view.picked = backend.addressText;
  view.request.withHeaders(headers, () => {
    for (const { chain } of plugins.stages)
      for (const instance of chain.upstream ?? []) {
        const rest = restOf(instance, 'upstream');
        let fault = rest === 'call' ? null : rest;
        if (rest === 'call') {
          instance.calls.upstream += 1;
          try {
            expectNoPromise(instance.hooks.upstream?.(view));
          } catch (error) {
            fault = hookFailed(instance, 'upstream', error);
          }
        }
        if (fault !== null) outcome = fault;
        else if (exchange.finished || plugins.out !== null) outcome = null;
        if (outcome !== headers) return;
      }
  });
  view.picked = null;
  return outcome;
}
