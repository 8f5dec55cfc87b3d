import { defineConfig } from 'tidegate';

// A config in TypeScript is a program that runs once per load: it may read the environment.
const port = process.env['PORT'] ?? '8080';
const backend = (name: string, usual: string): string =>
  `127.0.0.1:${process.env[`DEMO_${name}_PORT`] ?? usual}`;

export default defineConfig({
  listeners: [
    {
      name: 'web',
      protocol: 'http',
      address: `127.0.0.1:${port}`,
      rules: './rules/site.ts',
      routes: [{ path: '/api/*', methods: ['GET', 'HEAD', 'POST'], upstream: 'api' }],
      upstream: 'site', // where a request goes that no rule or route placed
    },
  ],
  upstreams: {
    site: {
      scheduler: 'weighted-round-robin',
      backends: [
        { address: backend('SITE_A', '9001'), weight: 2 },
        { address: backend('SITE_B', '9002'), weight: 1 },
      ],
    },
    api: { backends: [{ address: backend('API', '9003') }] },
  },
  workers: 1,
  log: { level: 'warn' },
});
