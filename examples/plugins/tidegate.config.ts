import { defineConfig } from 'tidegate';
import { compress, maintenance, rateLimit, securityHeaders } from 'tidegate/plugins';

// Built-in plugins on a listener, and one of this project's own on one upstream. To begin a project like it: copy this folder.
export default defineConfig({
  listeners: [
    {
      name: 'web',
      protocol: 'http',
      address: '127.0.0.1:8080',
      plugins: [
        securityHeaders(),
        compress(),
        // Each client may make 20 requests at once, then 10 a second.
        rateLimit({ limits: [{ requests: 10, per: '1s', burst: 20 }] }),
      ],
      routes: [
        { path: '/old/*', upstream: 'site', plugins: [maintenance({ text: 'Gone for good soon.\n' })] },
      ],
      upstream: 'site',
    },
  ],
  upstreams: {
    site: {
      backends: [{ address: '127.0.0.1:9001' }],
      // An error in it costs no exchange: it is passed over.
      plugins: [{ use: './plugins/slow-answers.ts', options: { after: '500ms' }, onError: 'skip' }],
    },
  },
});
