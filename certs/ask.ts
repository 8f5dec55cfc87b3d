import type { OnDemandConfig } from '../core/shared/certificates-config.ts';
import { NameIndex } from './sni.ts';

/** `unknown`: nobody could be asked. */
export type AskAnswer =
  { readonly answer: 'yes' | 'no' | 'ask-rule' } | { readonly answer: 'unknown'; readonly problem: string };

/** Whether a name may have a certificate, by what the config says. `allowedByRule`: the rule was asked before, and said yes. */
export async function askFor(
  ask: OnDemandConfig['ask'],
  name: string,
  allowedByRule: boolean,
  signal: AbortSignal,
): Promise<AskAnswer> {
  switch (ask.kind) {
    case 'names':
      return { answer: isListed(ask.names, name) ? 'yes' : 'no' };
    case 'rule':
      return { answer: allowedByRule ? 'yes' : 'ask-rule' };
    case 'url':
      return askUrl(ask, name, signal);
  }
}

const indexes = new WeakMap<readonly string[], NameIndex<true>>();

/** A wildcard stands for one label. */
export function isListed(names: readonly string[], name: string): boolean {
  let index = indexes.get(names);
  if (index === undefined) {
    index = new NameIndex<true>();
    for (const each of names) index.add(each, true);
    indexes.set(names, index);
  }
  return index.find(name).length > 0;
}

async function askUrl(
  { url, timeoutMs }: Extract<OnDemandConfig['ask'], { readonly kind: 'url' }>,
  name: string,
  signal: AbortSignal,
): Promise<AskAnswer> {
  const target = new URL(url);
  target.searchParams.set('domain', name);
  try {
    const response = await fetch(target, {
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    await response.body?.cancel();
    // A server that is broken for a moment has not said no.
    if (response.status >= 500) return { answer: 'unknown', problem: `status ${response.status}` };
    return { answer: response.status === 200 ? 'yes' : 'no' };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return { answer: 'unknown', problem: cause instanceof Error ? cause.message : String(cause) };
  }
}
