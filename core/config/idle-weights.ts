import type { Config, UpstreamConfig } from '../shared/config-types.ts';
import { pathText } from './finding.ts';

/** Weights that do nothing: a config with them is served, but hardly as it was meant. `path`: in the config. */
export function idleWeights({ upstreams }: Config): { readonly path: string; readonly message: string }[] {
  return upstreams.filter(hasIdleWeights).map(({ name }) => ({
    path: pathText(['upstreams', name, 'scheduler']),
    message: 'round-robin goes by no weights but 0; weighted-round-robin, the default, does',
  }));
}

function hasIdleWeights({ scheduler, sticky, backends, nested }: UpstreamConfig): boolean {
  // By the source of clients, their address decides by weight.
  if (scheduler.type !== 'round-robin' || sticky?.type === 'source') return false;
  const weights = [...backends, ...nested].map(({ weight }) => weight).filter((weight) => weight > 0);
  return new Set(weights).size > 1;
}
