import { defineConfig } from 'vitest/config';
import { testDefaults } from './vitest.shared.ts';

/** What runs in the test's own process, where a fresh one for each file would cost more than the tests do. */
const inProcess = [
  'test/unit/**/*.test.ts',
  'test/integration/{http1,http2,tls,retries,websocket,security,config,balance,health,plugins,tcp,udp}/**/*.test.ts',
];

/** Tests that need nothing but Node: `npm test`. */
export default defineConfig({
  test: {
    projects: [
      {
        ...testDefaults,
        test: { ...testDefaults.test, name: 'in process', include: inProcess, isolate: false },
      },
      {
        ...testDefaults,
        test: {
          ...testDefaults.test,
          name: 'processes',
          include: ['test/integration/**/*.test.ts'],
          exclude: inProcess,
        },
      },
    ],
  },
});
