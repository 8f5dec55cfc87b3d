import { fileURLToPath } from 'node:url';
import type { ViteUserConfig } from 'vitest/config';

/** Under this condition the package's own entry points (`tidegate/rules`, …) resolve to the `.ts` sources. */
const sourceCondition = 'tidegate-source';

export const testDefaults = {
  resolve: { conditions: [sourceCondition] },
  ssr: { resolve: { conditions: [sourceCondition], externalConditions: [sourceCondition] } },
  test: {
    pool: 'forks',
    // isolated-vm needs a process without Node's start-up snapshot.
    execArgv: ['--no-node-snapshot', `--conditions=${sourceCondition}`],
    // Tests start many processes of the same modules: strip and compile those once.
    env: { NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/node', import.meta.url)) },
    // One a core: most tests wait for processes.
    maxWorkers: 2,
    // Only what hangs should run into these: they say nothing about how fast a machine has to be.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 30_000 } },
  },
} satisfies ViteUserConfig;
