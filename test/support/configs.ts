/** A config with one listener `web` on a port that the system chooses; `upstreams` are extra names, `more` is YAML for the top level. */
export function webConfig(
  options: {
    readonly upstreams?: readonly string[];
    /** As in the config, of the listener. */
    readonly rules?: unknown;
    readonly backend?: string;
    readonly workers?: number;
    /** As in the config, of the listener. */
    readonly plugins?: readonly unknown[];
    readonly more?: string;
  } = {},
): string {
  const { upstreams = [], rules, backend = '127.0.0.1:9', workers = 2, plugins = [], more = '' } = options;
  const listener = {
    ...(rules === undefined ? {} : { rules }),
    ...(plugins.length === 0 ? {} : { plugins }),
  };
  const lines = [
    'listeners:',
    `  - ${JSON.stringify({ name: 'web', address: '127.0.0.1:0', upstream: 'site', ...listener })}`,
    'upstreams:',
    ...['site', ...upstreams].map(
      (name) => `  ${name}: { backends: [{ address: '${backend}' }], healthCheck: false }`,
    ),
    `workers: ${workers}`,
    more,
  ];
  return `${lines.join('\n')}\n`;
}

/** A rule script that is different for every `text`. */
export function script(text: string): string {
  return `import { defineRules, respond } from 'tidegate/rules';\nexport default defineRules({ request: () => respond(${JSON.stringify(text)}) });\n`;
}
