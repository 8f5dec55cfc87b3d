import { defineConfig } from 'vitest/config';
import { testDefaults } from './vitest.shared.ts';

/** Tests that need nothing but Node: `npm test`. */
export default defineConfig({
  ...testDefaults,
  test: { ...testDefaults.test, include: ['test/{unit,integration}/**/*.test.ts'] },
});
