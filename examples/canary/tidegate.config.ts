import { defineConfig } from 'tidegate';

// A new version gets a growing share of the visitors: see rules/canary.ts.
export default defineConfig({
  listeners: [
    {
      name: 'web',
      protocol: 'http',
      address: '127.0.0.1:8080',
      rules: './rules/canary.ts',
      shadow: { script: './rules/next.ts', sample: 0.1 },
      upstream: 'stable',
    },
  ],
  upstreams: {
    stable: {
      scheduler: 'least-connections',
      backends: [{ address: '127.0.0.1:9001' }, { address: '127.0.0.1:9002' }],
    },
    canary: { backends: [{ address: '127.0.0.1:9003' }] },
  },
  lists: { office: ['192.0.2.0/24', '2001:db8:1::/48'] },
  admin: { address: '127.0.0.1:9900' },
});
