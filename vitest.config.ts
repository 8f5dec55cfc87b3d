import { defineConfig } from 'vitest/config';
import { testDefaults } from './vitest.shared.ts';

/** Tests that need nothing but Node: `npm test`. */
export default defineConfig({
  test: {
    projects: [
      {
        ...testDefaults,
        // Pure functions: a fresh process for each file would cost more than the tests do.
        test: { ...testDefaults.test, name: 'unit', include: ['test/unit/**/*.test.ts'], isolate: false },
      },
      {
        ...testDefaults,
        test: { ...testDefaults.test, name: 'integration', include: ['test/integration/**/*.test.ts'] },
      },
    ],
  },
});
