import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { completeLock, hostsNamed, lockedPackage } from './lock-file.ts';

/**
 * `node test/check/check-lock-file.ts [--write]`: whether `npm ci` works from package-lock.json on
 * every platform and with every registry. `--write` adds what is missing (after an upgrade, say).
 */
const jsonObject = z.record(z.string(), z.unknown());

const file = new URL('../../package-lock.json', import.meta.url);
const lock = jsonObject.parse(JSON.parse(readFileSync(file, 'utf8')));
const packages = jsonObject.parse(lock['packages']);
const locked = z.record(z.string(), lockedPackage).parse(packages);
const hosts = hostsNamed(locked);
const missing = completeLock(locked);
const missingPaths = Object.keys(missing);

for (const host of hosts) console.error(`package-lock.json names a registry: ${host}`);
if (hosts.length > 0) process.exitCode = 1;

if (process.argv.includes('--write')) {
  writeFileSync(file, `${JSON.stringify({ ...lock, packages: { ...packages, ...missing } }, null, 2)}\n`);
  console.log(`${missingPaths.length} entries added`);
} else if (missingPaths.length > 0) {
  for (const path of missingPaths) console.error(`package-lock.json lacks ${path}`);
  console.error('repair: node test/check/check-lock-file.ts --write');
  process.exitCode = 1;
}
