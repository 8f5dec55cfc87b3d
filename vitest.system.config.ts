import { defineConfig } from 'vitest/config';
import { testDefaults } from './vitest.shared.ts';

/** Those that count or measure what goes on under load, which a neighbour would disturb, or that need much of the machine. */
const alone = [
  'test/system/*.test.ts',
  'test/system/{backends,health,reload,websocket}/**/*.test.ts',
  'test/system/acme/renewal.test.ts',
  'test/system/plugins/{hot-loads,rate-limit}.test.ts',
  'test/system/processes/{deadly-rules,kill-under-load}.test.ts',
  'test/system/tls/many-certificates.test.ts',
];

/** Those that wait for a minute: begun first, so that none is left waiting when all others are done. */
const waiting = ['test/system/tcp/postgres-reloads.test.ts'];

const systemTest = {
  ...testDefaults.test,
  testTimeout: 120_000,
  hookTimeout: 120_000,
};

/** Tests against real servers and the packed package, which may need system packages, and those under load or that wait for time to pass: `npm run test:system`. */
export default defineConfig({
  test: {
    projects: [
      {
        ...testDefaults,
        // Where projects run together, they begin in the order of their names.
        test: { ...systemTest, name: 'begun first', include: waiting, sequence: { groupOrder: 0 } },
      },
      {
        ...testDefaults,
        test: {
          ...systemTest,
          name: 'side by side',
          include: ['test/system/**/*.test.ts'],
          exclude: [...alone, ...waiting],
          sequence: { groupOrder: 0 },
        },
      },
      {
        ...testDefaults,
        test: { ...systemTest, name: 'alone', include: alone, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
