import { defineConfig } from 'vitest/config';
import { testDefaults } from './vitest.shared.ts';

/** Tests against real servers and the packed package, which may need system packages, and those under load or that wait for time to pass: `npm run test:system`. */
export default defineConfig({
  ...testDefaults,
  test: {
    ...testDefaults.test,
    include: ['test/system/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    fileParallelism: false,
  },
});
