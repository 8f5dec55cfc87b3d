import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig } from '../../../core/config/load.ts';
import { configFolder } from '../../support/config-folder.ts';

const YAML = `
listeners:
  - name: secure
    address: 127.0.0.1:8443
    timeouts: { header: 10s, body: 30s, idle: 60s }
    limits: { head: 32KiB, headers: 100, target: 8KiB, body: none, connections: 20000, connectionsPerClient: none }
    routes: [{ host: api.example.com, path: /v2/*, upstream: site }]
    upstream: site
upstreams:
  site:
    scheduler: round-robin
    backends: [{ address: 127.0.0.1:9001 }, { address: 127.0.0.1:9002, weight: 3 }]
    timeouts: { connect: 5s, response: 60s, idle: 60s }
    healthCheck: false
    retries: { attempts: 2 }
lists: { office: [10.0.0.0/8] }
log: { level: info, access: false }
`;

const JSON_TEXT = `{
	"listeners": [
		{
			"name": "secure",
			"address": "127.0.0.1:8443",
			"timeouts": { "header": "10s", "body": "30s", "idle": "60s" },
			"limits": { "head": "32KiB", "headers": 100, "target": "8KiB", "body": "none", "connections": 20000, "connectionsPerClient": "none" },
			"routes": [{ "host": "api.example.com", "path": "/v2/*", "upstream": "site" }],
			"upstream": "site"
		}
	],
	"upstreams": {
		"site": {
			"scheduler": "round-robin",
			"backends": [{ "address": "127.0.0.1:9001" }, { "address": "127.0.0.1:9002", "weight": 3 }],
			"timeouts": { "connect": "5s", "response": "60s", "idle": "60s" },
			"healthCheck": false,
			"retries": { "attempts": 2 }
		}
	},
	"lists": { "office": ["10.0.0.0/8"] },
	"log": { "level": "info", "access": false }
}`;

const TYPESCRIPT = `
import { defineConfig } from 'tidegate';
import { ports } from './ports.ts';

enum Host { Local = '127.0.0.1' }

export default defineConfig({
  listeners: [
    {
      name: 'secure',
      address: \`\${Host.Local}:\${ports.listen}\`,
      timeouts: { header: '10s', body: '30s', idle: '60s' },
      limits: { head: '32KiB', headers: 100, target: '8KiB', body: 'none', connections: 20000, connectionsPerClient: 'none' },
      rules: undefined,
      routes: [{ host: 'api.example.com', path: '/v2/*', upstream: 'site' }],
      upstream: 'site',
    },
  ],
  upstreams: {
    site: {
      scheduler: 'round-robin',
      backends: [{ address: '127.0.0.1:9001' }, { address: '127.0.0.1:9002', weight: 3 }],
      timeouts: { connect: '5s', response: '60s', idle: '60s' },
      healthCheck: false,
      retries: { attempts: 2 },
    },
  },
  lists: { office: ['10.0.0.0/8'] },
  log: { level: 'info', access: false },
});
`;

test('YAML, JSON, TypeScript and JavaScript give the same config', async () => {
  const folder = await configFolder({
    'tidegate.config.yaml': YAML,
    'tidegate.config.json': JSON_TEXT,
    'tidegate.config.ts': TYPESCRIPT,
    'ports.ts': 'export const ports: { readonly listen: number } = { listen: 8443 };',
    'tidegate.config.mjs': `export default Promise.resolve(${JSON_TEXT});`,
    // No package.json says that this is a module: its syntax does.
    'tidegate.config.js': `import { defineConfig } from 'tidegate';\nexport default defineConfig(${JSON_TEXT});`,
  });
  const configs = [];
  for (const extension of ['yaml', 'json', 'ts', 'mjs', 'js']) {
    const file = join(folder, `tidegate.config.${extension}`);
    const loaded = await loadConfig(file);
    expect(loaded).toMatchObject({ ok: true, config: { file } });
    configs.push(loaded.ok ? { ...loaded.config, file: '' } : undefined);
  }
  const [first, ...others] = configs;
  expect(first?.upstreams[0]?.backends[1]?.weight).toBe(3);
  for (const other of others) expect(other).toEqual(first);
});
