import type { ConfigInput } from './config-input.ts';

/**
 * Types a config file; returns what it is given.
 *
 * ```ts
 * import { defineConfig } from 'tidegate';
 *
 * export default defineConfig({
 *   listeners: [{ name: 'web', address: ':8080', rules: './rules/site.ts', upstream: 'site' }],
 *   upstreams: { site: { backends: [{ address: '127.0.0.1:9001' }] } },
 * });
 * ```
 */
export function defineConfig(config: ConfigInput): ConfigInput {
  return config;
}
