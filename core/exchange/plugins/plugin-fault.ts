import type { HookName, PluginInstance } from '../../../plugins/contract/chain.ts';
import type { BodyTransform } from '../../../plugins/contract/message.ts';
import { ProxyError } from '../../shared/errors.ts';
import { CodingError } from './coding-error.ts';

/** What a failed hook costs its exchange; null: nothing, since it is to go on as if the plugin were not there. Counts it, but for content that does not suit it. */
export function hookFailed(instance: PluginInstance, hook: HookName, error: unknown): ProxyError | null {
  if (!(error instanceof CodingError)) instance.failed(hook, error);
  return instance.onError.kind === 'skip' ? null : faultOf(instance, hook, error);
}

/** As `hookFailed`, where there is no going on: some of a body is lost. */
export function bodyFailed(instance: PluginInstance | null, hook: HookName, error: unknown): ProxyError {
  instance?.failed(hook, error);
  return faultOf(instance, hook, error);
}

/** Of a transform that no body will pass. */
export function closeUnused(
  instance: PluginInstance,
  hook: HookName,
  transform: BodyTransform | undefined,
): void {
  try {
    transform?.close?.();
  } catch (error) {
    instance.failed(hook, error);
  }
}

function faultOf(instance: PluginInstance | null, hook: HookName, error: unknown): ProxyError {
  const whose = instance === null ? 'a plugin' : `the plugin ${instance.name} of ${instance.attachedTo}`;
  const message = `${hook} of ${whose} failed: ${error instanceof Error ? error.message : String(error)}`;
  const options =
    instance?.onError.kind === 'fail' ? { cause: error, status: instance.onError.status } : { cause: error };
  return new ProxyError('plugin-fault', 'proxy', message, options);
}

/**
 * Whether a hook is to be called: not while its plugin rests, and then the exchange goes on without it, or fails.
 * @returns 'call', or what `hookFailed` does
 */
export function restOf(instance: PluginInstance, hook: HookName): 'call' | ProxyError | null {
  if (!instance.isResting) return 'call';
  return instance.onError.kind === 'skip' ? null : faultOf(instance, hook, 'it is broken off for a while');
}

/** For what a plugin says when the answer has begun. */
export function endedLate(): ProxyError {
  return new ProxyError('plugin-abort', 'proxy', 'a plugin refused it in the middle of the answer');
}
