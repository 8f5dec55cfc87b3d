import { defineConfig } from 'tidegate';

// SSH, HTTPS and HTTP on one port, for networks that let nothing else out: rules/by-protocol.ts looks at what a client sends first.
export default defineConfig({
  listeners: [
    {
      name: 'shared',
      protocol: 'tcp',
      address: '127.0.0.1:8443',
      // With `next` a rule that fails would leave the connection to the listener's `upstream`; there is none here.
      rules: './rules/by-protocol.ts',
      // For so long a client may be silent before it is taken for one of SSH; a shell may be silent for hours.
      timeouts: { inspect: '2s', idle: '4h' },
    },
  ],
  upstreams: {
    ssh: { backends: [{ address: '127.0.0.1:22' }] },
    https: { backends: [{ address: '127.0.0.1:9443' }] },
    http: { backends: [{ address: '127.0.0.1:9080' }] },
  },
});
