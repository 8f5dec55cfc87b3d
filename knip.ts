import { globSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import type { KnipConfig } from 'knip';

const product = '{core,rules,plugins,certs}/**/*.ts';

/** Modules that run as a process or thread of their own: nobody imports them, `moduleUrl` starts them. */
const startedModules = globSync(product).flatMap((file) =>
  [...readFileSync(file, 'utf8').matchAll(/moduleUrl\(\s*import\.meta\.url,\s*'(?<name>[^']+)'/g)].map(
    ({ groups }) => `${posix.join(posix.dirname(file), groups?.['name'] ?? '')}.ts`,
  ),
);

export default {
  entry: [
    ...startedModules,
    // Put around a rule script when it is bundled.
    'rules/runtime/{globals,entry}.ts',
    // Run by hand.
    'core/config/reference.ts',
    'bench/scheduler-pictures.ts',
    'examples/**/*.ts',
    'test/check/{run,check-*}.ts',
    'test/{unit,integration,system}/**/*.test.ts',
    '.ci/*.ts',
  ],
  project: [product, '{test,bench,examples,.ci}/**/*.ts', '!**/*-template/**'],
  // Half of a pair: `createX` and the type of what it gives.
  ignoreExportsUsedInFile: { class: true, interface: true, type: true },
  // The system's own.
  ignoreBinaries: ['chromium', 'knotd', 'openssl', 'redis-cli', 'taskset', 'mkfifo', 'nsenter'],
  ignoreDependencies: [
    // Started by test/check/run.ts and by oxlint.
    'oxlint',
    'oxlint-tsgolint',
  ],
} satisfies KnipConfig;
