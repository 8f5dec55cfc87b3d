import { randomBytes } from 'node:crypto';
import type { Config, UpstreamConfig } from '../shared/config-types.ts';

/** Lives as long as this process: workers come and go, and have the same one. */
const OWN_KEYS = [randomBytes(32).toString('base64url')];

/** Gives the primary's own key to sticky sessions for which the config has none. */
export function withStickyKeys(config: Config): Config {
  return { ...config, upstreams: config.upstreams.map(withKeys) };
}

function withKeys(upstream: UpstreamConfig): UpstreamConfig {
  const { sticky } = upstream;
  if (sticky?.type === 'cookie' && sticky.keys.length === 0)
    return { ...upstream, sticky: { ...sticky, keys: OWN_KEYS } };
  if (sticky?.type === 'app-cookie' && sticky.prefix?.keys.length === 0)
    return { ...upstream, sticky: { ...sticky, prefix: { keys: OWN_KEYS } } };
  return upstream;
}
